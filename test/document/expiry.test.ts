import { expect, it } from 'vitest';
import { verifySecret } from '../../src/contract/secret.ts';
import { document, faultsOf, options, snapshotOf } from './documents.ts';

const api = document('Api', 'orders', {
  tiers: [{ name: 'gold', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }], autoApprove: true }],
});
const END = Date.UTC(2030, 0, 1);

function clockAt(start: number) {
  let now = start;
  const clock = { ...options.clock, now: () => now };
  return { clock, set: (to: number) => void (now = to) };
}

it('a contract expires by itself, at the moment that it names', async () => {
  const { clock, set } = clockAt(END - 1);
  const { directory } = await snapshotOf(
    {
      'a.json': [
        api,
        document('ClientApplication', 'web', { clientId: 'web' }),
        document('ClientApplication', 'app', { clientId: 'app' }),
        document('Contract', 'one', {
          api: 'orders',
          clientApplication: 'web',
          tier: 'gold',
          expiresAt: '2030-01-01T01:00:00+01:00',
        }),
        document('Contract', 'two', {
          api: 'orders',
          clientApplication: 'app',
          status: 'revoked',
          expiresAt: '2029-01-01T00:00:00Z',
        }),
      ],
    },
    { clock },
  );
  const contract = directory.contract('web', 'orders');
  expect(contract?.status).toBe('approved');
  set(END);
  expect(contract?.status).toBe('expired');
  expect(contract).toMatchObject({ name: 'one', api: 'orders', tier: { name: 'gold' } });
  expect(directory.contract('app', 'orders')?.status).toBe('revoked');
});

it('a secret ends by itself, and the one that took its place stays', async () => {
  const { clock, set } = clockAt(END - 1);
  const { directory } = await snapshotOf(
    {
      'a.json': document('ClientApplication', 'web', {
        clientId: 'web',
        clientSecrets: [{ value: 'old', expires: '2030-01-01T00:00:00Z' }, { value: 'new' }],
        apiKeys: [{ id: 'k', value: 'x' }],
        issuers: ['https://issuer.example.com'],
        principals: ['spiffe://cluster.local/ns/shop/sa/web'],
      }),
      'b.json': document('ClientApplication', 'app', {
        clientId: 'app',
        clientSecret: { salt: 's', sha256: '00'.repeat(32), expires: '2030-01-01T00:00:00Z' },
      }),
    },
    { clock },
  );
  const client = directory.client('web');
  const valid = () => ['old', 'new'].filter((secret) => verifySecret(client, secret));
  expect(valid()).toEqual(['old', 'new']);
  expect(directory.client('app')?.secrets).toHaveLength(1);
  set(END);
  expect(valid()).toEqual(['new']);
  expect(directory.client('app')?.secrets).toEqual([]);
  expect(directory.issuedKey('k')?.client).toBe(client);
  expect(directory.workload('spiffe://cluster.local/ns/shop/sa/web')).toBe(client);
  expect(client?.issuers).toEqual(new Set(['https://issuer.example.com']));
});

it('another end is another version of the documents', async () => {
  const versionOf = async (spec: object, secret: object) => {
    const files = [
      api,
      document('ClientApplication', 'web', {
        clientId: 'web',
        clientSecret: { salt: 's', sha256: '00'.repeat(32), ...secret },
      }),
      document('Contract', 'one', { api: 'orders', clientApplication: 'web', ...spec }),
    ];
    return (await snapshotOf({ 'a.json': files })).version;
  };
  const versions = [
    await versionOf({}, {}),
    await versionOf({ expiresAt: '2030-01-01T00:00:00Z' }, {}),
    await versionOf({ expiresAt: '2031-01-01T00:00:00Z' }, {}),
    await versionOf({}, { expires: '2030-01-01T00:00:00Z' }),
    await versionOf({}, { expires: '2031-01-01T00:00:00Z' }),
  ];
  expect(new Set(versions).size).toBe(versions.length);
});

it('an end that is no moment is a fault', async () => {
  const files = {
    'a.json': document('Contract', 'one', { api: 'orders', clientApplication: 'web', expiresAt: 'tomorrow' }),
    'b.json': document('ClientApplication', 'web', { clientId: 'web', clientSecret: { value: 'x', expires: '2030' } }),
  };
  const told = await faultsOf(files);
  expect(told.filter((fault) => fault.includes('expected a time such as 2027-01-31T00:00:00Z'))).toHaveLength(2);
});
