import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainContract } from '../../src/document/plain-contract.ts';
import { API_VERSION, documentSchemas } from '../../src/document/schema.ts';

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}[a-z0-9]$/);
const odd = fc.oneof(
  fc.constantFrom('', 'a/b', '-a', 'a-', 'ä', 'a b', 'a\n', '__proto__', 'x'.repeat(254), 'approved'),
  fc.constantFrom<unknown>(null, undefined, 0, true, [], {}, ['approved'], { name: 'a' }),
);
const text = fc.oneof({ weight: 20, arbitrary: name }, { weight: 1, arbitrary: odd });
const status = fc.oneof(fc.constantFrom<unknown>('pending', 'approved', 'rejected', 'revoked'), text);
const more = fc.dictionary(
  fc.constantFrom('expiresAt', 'labels', 'displayName', 'description', '__proto__', 'constructor', 'other', 'toString'),
  fc.oneof(odd, fc.constant('2027-01-31T00:00:00Z')),
  { maxKeys: 1 },
);
const rarely = fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more });
// As JSON.parse has it, `__proto__` is a member like others.
function both([own, other]: [object, object]): Record<string, unknown> {
  return { ...own, ...other };
}
const metadata = fc.record({ name: text, namespace: text }, { requiredKeys: ['name'] });
const spec = fc.record(
  { clientApplication: text, api: text, tier: text, status },
  { requiredKeys: ['clientApplication', 'api'] },
);
const joined = (part: fc.Arbitrary<object>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.tuple(part, rarely).map(both) }, { weight: 1, arbitrary: odd });
const document = fc
  .tuple(
    fc.record({
      apiVersion: fc.oneof({ weight: 9, arbitrary: fc.constant(API_VERSION) }, { weight: 1, arbitrary: odd }),
      kind: fc.oneof({ weight: 9, arbitrary: fc.constant('Contract') }, { weight: 1, arbitrary: odd }),
      metadata: joined(metadata),
      spec: joined(spec),
    }),
    rarely,
  )
  .map(both);

describe('a contract that is taken without the schema', () => {
  it('is one that the schema takes as it is', () => {
    let taken = 0;
    fc.assert(
      fc.property(document, (value) => {
        const plain = plainContract(value);
        if (plain === undefined) return;
        taken += 1;
        expect(documentSchemas.Contract.parse(value)).toEqual(plain);
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it.each([
    { spec: { clientApplication: 'web', api: 'orders' } },
    {
      metadata: { name: 'a.b-c_d', namespace: 'team-1' },
      spec: { clientApplication: 'web', api: 'orders', tier: 'x' },
    },
    { spec: { clientApplication: 'web', api: 'orders', status: 'revoked' } },
  ])('is $spec', (part) => {
    expect(
      plainContract({ apiVersion: API_VERSION, kind: 'Contract', metadata: { name: 'a' }, ...part }),
    ).toBeDefined();
  });
});
