import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifySecret } from '../../src/contract/secret.ts';
import type { Api } from '../../src/snapshot/snapshot.ts';
import { compileFolder, document, faultsOf, made, snapshotOf, writeFolder } from './documents.ts';

const LIMITS = [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }];
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
    expect(bound?.rules?.match({ path: '/v1/x', otherPaths: [] } as never)).toBe(true);
    expect(bound?.rules?.match({ path: '/v2/x', otherPaths: [] } as never)).toBe(false);
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
    { name: 'gold', limits: LIMITS },
    { name: 'open', limits: LIMITS, autoApprove: true },
  ];
  const contract = (name: string, spec: object) => document('Contract', name, { api: 'orders', ...spec });

  it('have the status that the document or the tier gives them', async () => {
    const clients = ['a', 'b', 'c', 'd'].map((id) => document('ClientApplication', id, { clientId: `id-${id}` }));
    const { directory, contractCount, clientApplications } = await snapshotOf({
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
    expect([contractCount, clientApplications]).toEqual([4, 4]);
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
    expect(compiled.namedFiles).toEqual([join(folder, 'secrets/one'), join(folder, 'secrets/two')]);
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
      'spec.clientSecret.value: begins with "$" and is not a variable such as $NAME (the whole text) or ${NAME}; a literal "$" is written "$$" here',
      'spec.clientSecret.file: the file of the secret: there is no such file or directory',
      'spec.clientSecret.file: the file of the secret is empty',
      'spec.clientSecret.file: expected the path of a file',
      'spec.clientSecret.file: a secret has at most 65536 bytes',
      'spec.clientSecrets[1].value: the secret is empty',
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });
});
