import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { inputsOf, isSame, valueAt, withValue } from '../../../console/src/forms/inputs.ts';
import { blankOf, nodeOf } from '../../../console/src/forms/node.ts';
import type { FormNode, Schema } from '../../../console/src/forms/node.ts';
import { kindSchema, policySchema } from '../../../src/document/json-schema.ts';
import { documentSchemas } from '../../../src/document/schema.ts';
import { policyKinds } from '../../../src/policies/index.ts';

type Json = Readonly<Record<string, unknown>>;

const KINDS = [...new Set(policyKinds.values())];

/** What a form makes of what is typed into its inputs. */
function typed(node: FormNode, value: unknown): unknown {
  let made: unknown;
  for (const { path, read, text } of inputsOf(node, value)) made = withValue(made, path, read(text));
  return made;
}

/** Documents in the blocks of a page. */
function documentsIn(page: string): readonly Json[] {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/policies', page), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)]
    .flatMap(([, block = '']) => parseAllDocuments(block))
    .map((document) => document.toJS() as Json)
    .filter((document) => String(document?.['apiVersion']).startsWith('ostiary.dev/'));
}

function policiesIn(node: unknown): readonly { readonly name: string; readonly config: unknown }[] {
  if (typeof node !== 'object' || node === null) return [];
  const { policyRef, config } = node as { readonly policyRef?: { readonly name?: string }; readonly config?: unknown };
  const own = policyRef?.name === undefined ? [] : [{ name: policyRef.name, config: config ?? {} }];
  return [...own, ...Object.values(node).flatMap(policiesIn)];
}

const DOCUMENTS = readdirSync(join(import.meta.dirname, '../../../docs/policies')).flatMap(documentsIn);

describe('a form', () => {
  it('is made of the schema of every kind of policy, with a place for each option', () => {
    for (const kind of KINDS) {
      const node = nodeOf(policySchema(kind));
      if (node.kind !== 'group') throw new Error(`${kind.name} is no group`);
      const { properties } = policySchema(kind) as { readonly properties: Json };
      expect(node.fields.map(({ name }) => name)).toEqual(Object.keys(properties));
      // Nothing but what may be anything is left to be typed as JSON.
      expect(kindsIn(node)).not.toContain('any');
    }
  });

  it('is made of every kind of document', () => {
    for (const kind of Object.keys(documentSchemas)) {
      const node = nodeOf(kindSchema(kind) as Schema);
      expect(node.kind === 'group' && node.fields.map(({ name }) => name)).toEqual([
        'apiVersion',
        'kind',
        'metadata',
        'spec',
      ]);
    }
  });

  it('keeps each policy of the pages of the policies as it is', () => {
    const policies = DOCUMENTS.flatMap(policiesIn);
    expect(policies.length).toBeGreaterThan(25);
    const seen = new Set<string>();
    for (const { name, config } of policies) {
      const kind = policyKinds.get(name);
      if (kind === undefined) throw new Error(`there is no policy ${name}`);
      seen.add(kind.name);
      expect(typed(nodeOf(policySchema(kind)), config)).toEqual(config);
    }
    expect([...seen].toSorted()).toEqual(KINDS.map(({ name }) => name).toSorted());
  });

  it('keeps each document of these pages as it is', () => {
    for (const document of DOCUMENTS) {
      expect(typed(nodeOf(kindSchema(String(document['kind'])) as Schema), document)).toEqual(document);
    }
  });

  it('keeps whatever JSON a document has, where the schema has no place for it too', () => {
    const nodes = KINDS.map((kind) => nodeOf(policySchema(kind)));
    const names = fc.constantFrom('rateLimits', 'issuers', 'places', 'rules', 'cel', 'header', 'maximumRequests', 'x');
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constantFrom('1', 'true', '"x"', 'unlimited', null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(names, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.constantFrom(...nodes), json, (node, value) => {
        expect(isSame(typed(node, value), value)).toBe(true);
      }),
    );
  });

  it('begins what is added as something of its shape', () => {
    for (const kind of KINDS) {
      const node = nodeOf(policySchema(kind));
      const blank = blankOf(node);
      expect(isSame(typed(node, blank), blank)).toBe(true);
    }
    const limit = valueAt(nodeOf({ type: 'array', items: { type: 'integer', minimum: 1 } }), ['item']) as FormNode;
    expect(blankOf(limit)).toBe(1);
  });
});

function kindsIn(node: FormNode): readonly string[] {
  switch (node.kind) {
    case 'group':
      return [node.kind, ...node.fields.flatMap((field) => kindsIn(field.node))];
    case 'list':
      return [node.kind, ...kindsIn(node.item)];
    case 'map':
      return [node.kind, ...kindsIn(node.value)];
    case 'either':
      return [node.kind, ...node.options.flatMap(kindsIn)];
    default:
      return [node.kind];
  }
}
