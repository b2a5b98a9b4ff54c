import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VersionDigest } from '../../src/document/version.ts';
import { document, snapshotOf } from './documents.ts';

const policy = (name: string, fields: object) => ({ policyRef: { name }, ...fields });

describe('the version', () => {
  const documents = [
    document('Api', 'one', { basePath: '/1' }, { labels: { a: '1', b: '2' } }),
    document('Api', 'two', { basePath: '/2', policies: [policy('gate', { config: { text: '$SECRET', number: 1 } })] }),
    document('ClientApplication', 'c', { clientId: 'c', clientSecret: { value: 'v' } }),
    document('Contract', 'k', { clientApplication: 'c', api: 'one', status: 'approved' }),
  ];

  it('is the same whatever the files, the order of documents and keys, and the defaults written out', async () => {
    const { version } = await snapshotOf({ 'a.json': documents });
    const shuffled = fc.shuffledSubarray(documents, { minLength: documents.length, maxLength: documents.length });
    await fc.assert(
      fc.asyncProperty(shuffled, fc.nat(4), async (order, cut) => {
        const files = { 'x.json': order.slice(0, cut).map(reversed), 'sub/y.json': order.slice(cut) };
        expect((await snapshotOf(files)).version).toBe(version);
      }),
      { numRuns: 30 },
    );
    const explicit = documents.map((one) =>
      one.metadata.name === 'one' ? { ...one, spec: { ...one.spec, tiers: [] } } : one,
    );
    expect((await snapshotOf({ 'a.json': explicit })).version).toBe(version);
    expect(version).toMatch(/^[0-9a-f]{16}$/);
  });

  it('differs with everything that is enforced, variables and secrets included', async () => {
    const change = async (from: string, to: string) =>
      (await snapshotOf({ 'a.json': JSON.stringify(documents).replace(from, to) })).version;
    const versions = [
      await change('', ''),
      await change('"/1"', '"/3"'),
      await change('"number":1', '"number":2'),
      await change('"value":"v"', '"value":"w"'),
      await change('approved', 'revoked'),
      await change('"b":"2"', '"b":"3"'),
      (await snapshotOf({ 'a.json': documents }, { env: { SECRET: 'another' } })).version,
    ];
    expect(new Set(versions).size).toBe(versions.length);
  });
});

describe('the version and plain secrets', () => {
  const client = (name: string, spec: object) => document('ClientApplication', name, { clientId: name, ...spec });
  const versionOf = async (...clients: readonly object[]) =>
    (await snapshotOf({ 'a.json': [document('Api', 'one', {}), ...clients], s: 'hunter2\n', t: 'hunter3\n' })).version;

  it('are the same wherever the secret comes from and whatever the order, and differ where it differs', async () => {
    const version = await versionOf(client('a', { clientSecret: { value: 'hunter2' } }));
    expect(await versionOf(client('a', { clientSecret: { file: 's' } }))).toBe(version);
    expect(await versionOf(client('a', { clientSecret: { file: 't' } }))).not.toBe(version);
    const [a, b] = [client('a', { clientSecret: { value: 'x' } }), client('b', { clientSecret: { value: 'y' } })];
    expect(await versionOf(a, b)).toBe(await versionOf(b, a));
    const swapped = [client('a', { clientSecret: { value: 'y' } }), client('b', { clientSecret: { value: 'x' } })];
    expect(await versionOf(...swapped)).not.toBe(await versionOf(a, b));
    const pair = (...secrets: string[]) => client('a', { clientSecrets: secrets.map((value) => ({ value })) });
    expect(await versionOf(pair('x', 'y'))).not.toBe(await versionOf(pair('y', 'x')));
  });

  it('take real time to try, once however many secrets there are', async () => {
    const versions = new VersionDigest();
    for (let i = 0; i < 10_000; i++) versions.addSecret(`client-${i}/0`, `guess-${i}`);
    const started = performance.now();
    const first = await versions.version();
    expect(performance.now() - started).toBeGreaterThan(10);
    const guessed = new VersionDigest();
    for (let i = 9999; i >= 0; i--) guessed.addSecret(`client-${i}/0`, i === 5 ? 'other' : `guess-${i}`);
    expect(await guessed.version()).not.toBe(first);
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
