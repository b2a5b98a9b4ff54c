import { z } from 'zod';
import type { PolicyKind } from '../policy/policy.ts';
import { POLICY_EXAMPLES } from './policy-examples.ts';
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
    definitions[`config.${kind.name}`] = policySchema(kind);
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
  for (const kind of Object.keys(documentSchemas)) definitions[kind] = withPolicies(kindSchema(kind));
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

/** Kinds whose `value` is a secret. */
const SECRET_VALUES: ReadonlySet<string> = new Set(['ClientApplication', 'Secret', 'Webhook']);

/** One kind of document, without what its policies may have in `config`; undefined: there is no such kind. */
export function kindSchema(kind: string): Json | undefined {
  if (!Object.hasOwn(documentSchemas, kind)) return undefined;
  const schema = toJson(documentSchemas[kind as keyof typeof documentSchemas]);
  return SECRET_VALUES.has(kind) ? (withSecrets(schema, ['value']) as Json) : schema;
}

/** The `config` of a kind of policy. What may hold a secret is `writeOnly`. */
export function policySchema({ name, options, secretFields = [], summary }: PolicyKind): Json {
  const schema = toJson(options);
  const properties = Object(schema['properties']) as Json;
  const marked = Object.entries(properties).map(([field, value]) => {
    // Of what is no text, that within which is one.
    return [field, secretFields.includes(field) ? asSecret(value as Json) : value] as const;
  });
  const example = POLICY_EXAMPLES[name];
  return {
    description: summary,
    ...schema,
    properties: Object.fromEntries(marked),
    ...(example !== undefined && { examples: [example] }),
  };
}

const SECRETS = ['clientSecret', 'privateKey', 'password', 'secret'];

function asSecret(schema: Json): Json {
  return schema['type'] === 'string' ? { ...schema, writeOnly: true } : (withSecrets(schema, SECRETS) as Json);
}

function withSecrets(part: unknown, fields: readonly string[]): unknown {
  if (Array.isArray(part)) return part.map((each) => withSecrets(each, fields));
  if (typeof part !== 'object' || part === null) return part;
  const copy: Json = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withSecrets(value, fields)]));
  const properties = copy['properties'];
  if (typeof properties !== 'object' || properties === null) return copy;
  const marked = Object.entries(properties).map(([field, value]: [string, unknown]) => {
    const isText = fields.includes(field) && typeof value === 'object' && value !== null;
    return [field, isText ? { ...value, writeOnly: true } : value] as const;
  });
  return { ...copy, properties: Object.fromEntries(marked) };
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
