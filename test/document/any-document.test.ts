import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { compileFolder, document, writeFolder } from './documents.ts';

/** Documents that are nearly right, with anything at all in places. */
const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('__proto__', '$X', '$$', 'a', '/', '*', -1, 1e300));
const key = fc.constantFrom(
  '__proto__',
  'constructor',
  'hosts',
  'tiers',
  'name',
  'kind',
  'value',
  'labels',
  '$ref',
  'x',
);
const LIMITS = [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }];
const good = [
  document('Api', 'a', {
    basePath: '/a',
    tiers: [{ name: 'gold', limits: LIMITS }],
    policies: [{ policyRef: { name: 'gate' } }],
  }),
  document('Api', 'b', { hosts: ['b.example.com'] }, { labels: { team: 'x' } }),
  document('PolicyBinding', 'c', { targetRef: { kind: 'Selector', selector: {} }, policyRef: { name: 'meter' } }),
  document('ClientApplication', 'd', { clientId: 'd', clientSecret: { value: 'x' } }),
  document('Contract', 'e', { clientApplication: 'd', api: 'a', tier: 'gold', status: 'approved' }),
  document('Configuration', 'f', { messages: { quota_spent: 'Later.' } }),
];

type Change = readonly [document: number, step: readonly number[], change: readonly [key: string, value: unknown]];

/** Walks down from a document and sets, replaces or removes something there. */
function changed(documents: readonly object[], [at, steps, [name, value]]: Change): readonly object[] {
  const copy = structuredClone(documents) as Record<string, unknown>[];
  let part: Record<string, unknown> = copy[at % copy.length] ?? {};
  for (const step of steps) {
    const inner = Object.values(part).filter((one) => typeof one === 'object' && one !== null);
    const next = inner[step % Math.max(1, inner.length)];
    if (next === undefined) break;
    part = next as Record<string, unknown>;
  }
  if (value === undefined) delete part[Object.keys(part)[0] ?? ''];
  else Object.defineProperty(part, name, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(5),
  fc.array(fc.nat(3), { maxLength: 4 }),
  fc.tuple(key, fc.option(odd, { nil: undefined })),
);

it('whatever the documents say, there is a snapshot or there are faults with places, in JSON as in YAML', async () => {
  let faulty = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
      const documents = changes.reduce<readonly object[]>(changed, good);
      const json = await compileFolder(writeFolder({ 'a.json': documents }));
      const yaml = await compileFolder(writeFolder({ 'a.yaml': documents.map((one) => stringify(one)).join('---\n') }));
      if (json.snapshot === undefined) {
        faulty++;
        expect(json.faults.length).toBeGreaterThan(0);
        for (const { line, column, message } of json.faults) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(message).not.toBe('');
        }
        const told = (compiled: typeof yaml) =>
          compiled.snapshot === undefined
            ? compiled.faults.map(({ field, message }) => `${field}: ${message}`).sort()
            : [];
        const withoutPlaces = (faults: string[]) => faults.map((fault) => fault.replace(/: \/.*$/, '')).sort();
        expect(withoutPlaces(told(yaml))).toEqual(withoutPlaces(told(json)));
      } else {
        expect(yaml.snapshot?.version).toBe(json.snapshot.version);
        json.dispose();
      }
    }),
    { numRuns: 300 },
  );
  expect(faulty).toBeGreaterThan(30);
});

it('whatever text a file holds, loading ends with a snapshot or with faults', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom('a: ', '- ', '{', '[', '"', '\n', ' ', '---\n', '&a ', '*a', '!', '|\n', '#', ':', ',', '%'),
      )
      .map((all) => all.join('')),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom('a.yaml', 'a.json'), async (content, name) => {
      const compiled = await compileFolder(writeFolder({ [name]: content }));
      expect(compiled.snapshot === undefined && compiled.faults.length > 0).toBe(true);
    }),
    { numRuns: 500 },
  );
});
