import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../src/document/json-schema.ts';
import { documentSchemas } from '../../src/document/schema.ts';
import { policyKinds } from '../../src/policies/index.ts';

const schema = jsonSchema(policyKinds);

/** The value at a path of keys. */
function at(...path: string[]): unknown {
  return path.reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], schema);
}

describe('the JSON Schema', () => {
  it('is committed as it is now (npm run -s ostiary -- schema > docs/schema.json; npm run format)', () => {
    const committed: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/schema.json'), 'utf8'));
    expect(committed).toEqual(schema);
  });

  it('has every kind of document, chosen by kind, and refuses unknown fields', () => {
    for (const kind of Object.keys(documentSchemas)) {
      expect(schema['allOf']).toContainEqual({
        if: { properties: { kind: { const: kind } }, required: ['kind'] },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: { $ref: `#/definitions/${kind}` },
      });
      expect(at('definitions', kind, 'additionalProperties')).toBe(false);
      expect(at('definitions', kind, 'properties', 'spec', 'additionalProperties')).toBe(false);
    }
  });

  it('has the options of every kind of policy, by every spelling', () => {
    for (const kind of new Set(policyKinds.values())) {
      expect(at('definitions', `config.${kind.name}`, 'additionalProperties')).toBe(false);
      expect(at('definitions', `config.${kind.name}`, 'description')).toBe(kind.summary);
    }
    expect(at('definitions', 'policies', 'properties', 'policyRef', 'properties', 'name')).toEqual({
      enum: [...policyKinds.keys()],
    });
    const reference = [{ $ref: '#/definitions/policies' }];
    expect(at('definitions', 'PolicyBinding', 'properties', 'spec', 'allOf')).toEqual(reference);
    expect(at('definitions', 'Api', 'properties', 'spec', 'properties', 'policies', 'items', 'allOf')).toEqual(
      reference,
    );
  });
});
