import fc from 'fast-check';
import { z } from 'zod';
import { documentSchemas } from '../../src/document/schema.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { good } from './good-cases.ts';

type Json = Readonly<Record<string, unknown>>;

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** Texts for fields whose form stands in code, and not in a schema. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  hosts: ['orders.example.com', '*', '*.example.com:8080', '[::1]'],
  basePath: ['/', '/a', '/a/b/', '/ä'],
  publicUrl: ['https://api.example.com/orders', 'http://localhost:8080'],
  maxStale: ['15s', '1h', '7d'],
  path: ['/', '/{id}', '/a/{b}.json'],
  principals: ['spiffe://a/b', 'spiffe://a/*', 'spiffe://c/**'],
  team: ['*', 'shop'],
  url: ['https://example.com/terms'],
  when: ['true', "request.path == '/a'"],
  file: ['a.yaml', 'b/c'],
  value: ['hunter2', '$SECRET', '$$x', 'a $ b'],
  timeZone: ['Europe/Berlin'],
  clientApplication: ['web', 'partner/web'],
  expires: ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00.5+02:00'],
  expiresAt: ['2030-01-01T00:00:00Z'],
  api: ['orders', 'users'],
  label: ['', 'shop', 'A.b_c-1'],
};

function anyText(schema: Schema, field: string): fc.Arbitrary<string> {
  const known = TEXTS[field];
  if (known !== undefined) return fc.constantFrom(...known);
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern, 'u'), { size: 'xsmall' });
  return fc.string({ unit: 'grapheme', minLength: schema.minLength ?? 0, maxLength: 12 });
}

function any(schema: Schema, field = ''): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return fc.oneof(...forms.map((each) => any(each, field)));
  switch (schema.type) {
    case 'string':
      return anyText(schema, field);
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? 0, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 100, 2 ** 31 - 1),
      });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(any(schema.items ?? {}, field), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(2, schema.minItems ?? 0),
      });
    case 'object':
      return anyObject(schema, field);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function anyObject(schema: Schema, field: string): fc.Arbitrary<unknown> {
  if (field === 'policyRef') return fc.record({ name: fc.constantFrom(...policyKinds.keys()) });
  if (typeof schema.additionalProperties === 'object') {
    const key = fc.constantFrom('team', 'x-env', 'a', 'b1');
    return fc.dictionary(key, any(schema.additionalProperties, field === 'labels' ? 'label' : ''), {
      maxKeys: 3,
      noNullPrototype: true,
    });
  }
  const { properties = {}, required = [] } = schema;
  const values = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, any(each, name)]));
  return fc.record(values, { requiredKeys: [...required], noNullPrototype: true }).map(mended);
}

/** What only one of two may say is said once: without it hardly anything would be right. */
function mended(value: Readonly<Record<string, unknown>>): Json {
  const pairs = [
    ['policyRef', 'authentication'],
    ['clientSecret', 'clientSecrets'],
    ['timePeriodInMilliseconds', 'calendar'],
    ['calendar', 'timePeriodInMilliseconds'],
    ['team', 'namespace'],
    ['autoApprove', 'approvers'],
  ] as const;
  const copy: Record<string, unknown> = { ...value };
  for (const [one, other] of pairs) if (copy[one] !== undefined) delete copy[other];
  if (copy['authentication'] !== undefined) delete copy['config'];
  if (Array.isArray(copy['limits']) || Array.isArray(copy['proposedLimits']) || copy['calendar'] === undefined)
    delete copy['timeZone'];
  return copy;
}

const name = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/u);

/** A document of a kind that its schema takes, made of that schema. */
export function anyDocument(
  kind: 'Api' | 'PolicyBinding' | 'ClientApplication' | 'Contract' | 'Alert',
): fc.Arbitrary<Json> {
  const schema = documentSchemas[kind];
  const json = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  }) as Schema;
  const { metadata = {}, spec = {} } = json.properties ?? {};
  // What goes together in an alert stands in code: the specifications that are known to be right.
  const specs =
    kind === 'Alert'
      ? fc.constantFrom(...good.filter((each) => each.kind === kind).map((each) => each.spec))
      : any(spec);
  return fc
    .record({
      apiVersion: fc.constant('ostiary.dev/v1alpha1'),
      kind: fc.constant(kind),
      metadata: any(metadata),
      spec: specs,
      name,
    })
    .map(({ name: own, metadata: told, ...rest }) => {
      const { namespace: _, ...others } = told as Json;
      return JSON.parse(JSON.stringify({ ...rest, metadata: { ...others, name: own, namespace: 'shop' } })) as Json;
    })
    .filter((document) => schema.safeParse(document).success);
}
