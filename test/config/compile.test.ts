import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VersionDigest } from '../../src/config/version.ts';
import { verifySecret } from '../../src/contract/secret.ts';
import type { Api } from '../../src/policy/snapshot.ts';
import { compileFolder, document, faultsOf, made, snapshotOf, writeFolder } from './documents.ts';

const limits = [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }];
const policy = (name: string, fields: object = {}) => ({ policyRef: { name }, ...fields });
const binding = (name: string, fields: object, targetRef: object = { kind: 'Selector', selector: {} }) =>
  document('PolicyBinding', name, { targetRef, ...fields });
const namesOf = (api: Api | undefined) => [...(api?.access ?? []), ...(api?.quota ?? [])].map(({ name }) => name);

describe('the policies of an API', () => {
  it('are in order, its own before bindings, and quota after access', async () => {
    const snapshot = await snapshotOf({
      'a.json': [
        binding('zeta', policy('gate')),
        binding('late', policy('gate', { order: 60 })),
        binding('early', policy('meter', { order: -1 })),
        binding('alpha', policy('gate')),
        document('Api', 'orders', { policies: [policy('meter'), policy('gate'), policy('gate', { order: 50 })] }),
      ],
    });
    expect(namesOf(snapshot.apiNamed('orders'))).toEqual([
      'orders/gate',
      'orders/gate-2',
      'alpha',
      'zeta',
      'late',
      'early',
      'orders/meter',
    ]);
  });

  it('are those bound by name and those bound by labels that are all equal', async () => {
    const selector = (labels: object) => ({ kind: 'Selector', selector: { kind: 'Api', labels } });
    const { apis } = await snapshotOf({
      'a.json': [
        document('Api', 'one', { basePath: '/1' }, { labels: { team: 'shop', stage: 'live' } }),
        document('Api', 'two', { basePath: '/2' }, { labels: { team: 'shop' } }),
        document('Api', 'three', { basePath: '/3' }),
        binding('named', policy('gate-flex'), { kind: 'Api', name: 'three' }),
        binding('shop', policy('gate'), selector({ team: 'shop' })),
        binding('live', policy('gate'), selector({ team: 'shop', stage: 'live' })),
        binding('all', policy('gate'), selector({})),
      ],
    });
    expect(Object.fromEntries(apis.map((api) => [api.name, namesOf(api)]))).toEqual({
      one: ['all', 'live', 'shop'],
      three: ['all', 'named'],
      two: ['all', 'shop'],
    });
    expect(apis[1]?.access.map(({ kind }) => kind)).toEqual(['gate', 'gate']);
  });

  it('carry mode, failure mode and rules', async () => {
    const fields = { mode: 'shadow', onFailure: 'allow', rules: [{ path: '/v1/.*' }] };
    const snapshot = await snapshotOf({ 'a.json': document('Api', 'a', { policies: [policy('gate', fields)] }) });
    const [bound] = snapshot.apiNamed('a')?.access ?? [];
    expect(bound).toMatchObject({ mode: 'shadow', onFailure: 'allow', order: 50 });
    expect(bound?.rules?.match({} as never, '/v1/x')).toBe(true);
    expect(bound?.rules?.match({} as never, '/v2/x')).toBe(false);
  });

  it('own the headers that any of them could set', async () => {
    const snapshot = await snapshotOf({
      'a.json': [
        document('Api', 'a', { policies: [policy('gate', { mode: 'shadow', config: { header: 'x-shadow' } })] }),
        binding('b', policy('meter', { config: { header: 'x-bound' } })),
      ],
    });
    expect([...snapshot.identityHeaders.names]).toEqual(expect.arrayContaining(['x-shadow', 'x-bound']));
  });

  it('are closed once when the snapshot is disposed of, and at once when there are faults', async () => {
    made.length = 0;
    const files = { 'a.json': [document('Api', 'a', { policies: [policy('gate')] }), binding('b', policy('meter'))] };
    const compiled = await compileFolder(writeFolder(files));
    if (compiled.snapshot === undefined) throw new Error('has faults');
    expect(made.map(({ closed }) => closed)).toEqual([0, 0]);
    compiled.dispose();
    expect(made.map(({ closed }) => closed)).toEqual([1, 1]);
    await faultsOf({ ...files, 'b.json': document('Contract', 'c', { clientApplication: 'x', api: 'a' }) });
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1, 1]);
  });
});

describe('contracts', () => {
  const tiers = [
    { name: 'gold', limits },
    { name: 'open', limits, autoApprove: true },
  ];
  const contract = (name: string, spec: object) => document('Contract', name, { api: 'orders', ...spec });

  it('have the status that the document or the tier gives them', async () => {
    const clients = ['a', 'b', 'c', 'd'].map((id) => document('ClientApplication', id, { clientId: `id-${id}` }));
    const { directory, contracts, clientApplications } = await snapshotOf({
      'a.json': [
        document('Api', 'orders', { tiers }),
        ...clients,
        contract('a', { clientApplication: 'a', tier: 'gold', status: 'approved' }),
        contract('b', { clientApplication: 'b', tier: 'gold' }),
        contract('c', { clientApplication: 'c', tier: 'open' }),
        contract('d', { clientApplication: 'd' }),
      ],
    });
    const found = ['a', 'b', 'c', 'd'].map((id) => directory.contract(`id-${id}`, 'orders'));
    expect(found.map((one) => one?.status)).toEqual(['approved', 'pending', 'approved', 'pending']);
    expect(found.map((one) => one?.tier?.name)).toEqual(['gold', 'gold', 'open', undefined]);
    expect([contracts.length, clientApplications]).toEqual([4, 4]);
  });
});

describe('client secrets', () => {
  it('are hashes, texts, variables or files, and two may be valid', async () => {
    const sha256 = 'e2301e67cd2db9b0b817d7758385bf703bac2e01bfb9772b66c1d8f3ebd92662'; // printf aPassword | sha256sum
    const folder = writeFolder({ 'secrets/one': 'in a file\r\n', 'secrets/two': 'two\n\n' });
    const sources = [
      { salt: 'a', sha256 },
      { value: '$$literal' },
      { value: '$SECRET' },
      { value: '${SECRET}' },
      { file: 'secrets/one' },
      { file: join(folder, 'secrets/two') },
    ];
    const secrets = ['Password', '$literal', 'from the environment', 'from the environment', 'in a file', 'two\n'];
    const clients = sources.map((clientSecret, i) =>
      document('ClientApplication', `c${i}`, { clientId: `c${i}`, clientSecret }),
    );
    const rotating = { clientId: 'rotating', clientSecrets: [{ value: 'old' }, { value: 'new' }] };
    const api = document('Api', 'a', {});
    writeFolder({ 'a.json': [api, ...clients, document('ClientApplication', 'r', rotating)] }, folder);
    const compiled = await compileFolder(folder);
    const directory = compiled.snapshot?.directory;
    expect(secrets.map((secret, i) => verifySecret(directory?.client(`c${i}`), secret))).toEqual(
      secrets.map(() => true),
    );
    expect(secrets.map((secret, i) => verifySecret(directory?.client(`c${i}`), `${secret}x`)).includes(true)).toBe(
      false,
    );
    expect(['old', 'new', 'x'].map((secret) => verifySecret(directory?.client('rotating'), secret))).toEqual([
      true,
      true,
      false,
    ]);
    expect(compiled.secretFiles).toEqual([join(folder, 'secrets/one'), join(folder, 'secrets/two')]);
  });

  it('are faults where they can not be had', async () => {
    const client = (name: string, clientSecret: object) =>
      document('ClientApplication', name, { clientId: name, clientSecret });
    const faults = await faultsOf(
      {
        empty: '\n',
        long: 'x'.repeat(100_000),
        'a.json': [
          client('a', { value: '$SECERT' }),
          client('b', { value: '$not-a-name' }),
          client('c', { file: 'nowhere' }),
          client('d', { file: 'empty' }),
          client('z', { file: '/dev/zero' }),
          client('l', { file: 'long' }),
          document('ClientApplication', 'e', { clientId: 'e', clientSecrets: [{ value: 'x' }, { value: '$EMPTY' }] }),
        ],
      },
      { env: { SECRET: 'hunter2', EMPTY: '' } },
    );
    expect(faults.map((fault) => fault.split(': ').slice(1).join(': '))).toEqual([
      'spec.clientSecret.value: the environment variable SECERT is not set; did you mean "SECRET"?; for the text itself write "$$SECERT"',
      'spec.clientSecret.value: begins with "$" and is no variable such as $NAME or ${NAME}; a literal "$" is written "$$"',
      'spec.clientSecret.file: the file of the secret: there is no such file or directory',
      'spec.clientSecret.file: the file of the secret is empty',
      'spec.clientSecret.file: expected the path of a file',
      'spec.clientSecret.file: a secret has at most 65536 bytes',
      'spec.clientSecrets[1].value: the secret is empty',
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });
});

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
    const tookMs = performance.now() - started;
    expect(tookMs).toBeGreaterThan(10);
    expect(tookMs).toBeLessThan(2000);
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
