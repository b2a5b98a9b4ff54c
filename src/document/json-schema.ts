import { z } from 'zod';
import type { PolicyKind } from '../policy/policy.ts';
import { documentSchemas } from './schema.ts';

type Json = Record<string, unknown>;

/** JSON Schema draft 7: the newest that the common YAML language servers know in full. */
const DRAFT = 'http://json-schema.org/draft-07/schema#';

/**
 * One schema for editors: every kind of document, chosen by `kind`, and the options of every kind of
 * policy, chosen by `policyRef.name`. It is weaker than the loader, which also knows what one
 * document may not say because of another.
 */
export function jsonSchema(policyKinds: ReadonlyMap<string, PolicyKind>): Json {
  const definitions: Json = {};
  const configs: Json[] = [];
  for (const kind of new Set(policyKinds.values())) {
    const spellings = [...policyKinds].filter(([, other]) => other === kind).map(([name]) => name);
    definitions[`config.${kind.name}`] = { description: kind.summary, ...toJson(kind.options) };
    configs.push({
      if: { properties: { policyRef: { properties: { name: { enum: spellings } } } } },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { properties: { config: { $ref: `#/definitions/config.${kind.name}` } } },
    });
  }
  definitions['policies'] = {
    properties: { policyRef: { properties: { name: { enum: [...policyKinds.keys()] } } } },
    allOf: configs,
  };
  for (const [kind, schema] of Object.entries(documentSchemas)) definitions[kind] = withPolicies(toJson(schema));
  const kinds = Object.keys(documentSchemas);
  return {
    $schema: DRAFT,
    title: 'Documents of ostiary',
    type: 'object',
    required: ['apiVersion', 'kind'],
    properties: { kind: { enum: kinds } },
    allOf: kinds.map((kind) => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { $ref: `#/definitions/${kind}` },
    })),
    definitions,
  };
}

function toJson(schema: z.ZodType): Json {
  const json = z.toJSONSchema(schema, {
    target: 'draft-7',
    // What authors write, before defaults are filled in.
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  });
  delete json.$schema;
  return json;
}

/** Adds the options of policies wherever something has a `policyRef`. */
function withPolicies(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withPolicies);
  if (typeof part !== 'object' || part === null) return part;
  const copy: Json = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withPolicies(value)]));
  const properties = copy['properties'];
  const hasPolicy = typeof properties === 'object' && properties !== null && Object.hasOwn(properties, 'policyRef');
  return hasPolicy ? { ...copy, allOf: [{ $ref: '#/definitions/policies' }] } : copy;
}
