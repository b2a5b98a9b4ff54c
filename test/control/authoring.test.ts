import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { api, app, contract, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

type Json = Record<string, unknown>;
interface Concern {
  readonly count?: number;
  readonly names?: readonly string[];
}
type Impact = Readonly<Record<'apis' | 'clients' | 'contracts' | 'sidecars', Concern>>;

const OWNER = 'user:olga@example.com';
const VIEWER = 'user:vera@example.com';
const OTHER = 'user:otto@example.com';

let services: ControlServices;
const team = (name: string, namespaces: readonly string[], ...members: readonly [string, string][]) =>
  document(
    'Team',
    name,
    { namespaces, members: members.map(([user, role]) => ({ user, role })) },
    { namespace: 'platform' },
  );
const IN_SHOP = { namespace: 'shop' };
const GOLD = { name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }] };
const SILVER = { ...GOLD, name: 'silver', approvers: 2 };
const diff = (documents: readonly object[], who?: string) =>
  services.ask('ResourceService/Diff', { documents: documents.map((each) => ({ document: each })) }, who);
const impactOf = async (documents: readonly object[], who?: string) =>
  (await diff(documents, who))['impact'] as Impact | undefined;

beforeAll(async () => {
  services = await openServices({ dataDir: scratchFolder('authoring'), databaseUrl: undefined });
  const told = await services.apply([
    team('shop', ['shop'], ['olga@example.com', 'owner'], ['vera@example.com', 'viewer']),
    team('returns', ['returns'], ['otto@example.com', 'admin']),
    api('orders', { tiers: [GOLD, SILVER] }, { ...IN_SHOP, lifecycle: 'published', visibility: 'public' }),
    api('drafts', {}, { ...IN_SHOP, lifecycle: 'draft', displayName: 'Drafts of orders' }),
    api('parcels', {}, { namespace: 'returns', lifecycle: 'published', visibility: 'public' }),
    app('web', {}, IN_SHOP),
    app('portal', {}, { namespace: 'returns', displayName: 'The portal' }),
    app('robot', {}, { namespace: 'returns' }),
    contract('web-orders', 'shop/web', 'orders', {}, IN_SHOP),
    contract('portal-orders', 'returns/portal', 'orders', { tier: 'silver' }, IN_SHOP),
    contract('robot-orders', 'returns/robot', 'orders', { tier: 'silver', status: 'pending' }, IN_SHOP),
    contract('robot-parcels', 'robot', 'parcels', {}, { namespace: 'returns' }),
    contract('web-parcels', 'shop/web', 'parcels', { status: 'revoked' }, { namespace: 'returns' }),
  ]);
  expect(told).not.toHaveProperty('faults');
});
afterAll(() => services.close());

describe('whom a change concerns', () => {
  const orders = (spec: object) =>
    api('orders', { tiers: [GOLD, SILVER], ...spec }, { ...IN_SHOP, lifecycle: 'published', visibility: 'public' });

  it('is the API, and those with a contract in force', async () => {
    expect(await impactOf([orders({ basePath: '/v2' })], OWNER)).toEqual({
      apis: { count: 1, names: ['shop/orders'] },
      clients: { count: 2, names: ['returns/portal', 'shop/web'] },
      contracts: { count: 2, names: ['shop/portal-orders', 'shop/web-orders'] },
      // Which ones is the platform's to know.
      sidecars: { count: 1 },
    });
  });

  it('is each sidecar that serves the API, for those who may list them', async () => {
    expect(await impactOf([orders({ basePath: '/v2' })])).toMatchObject({ sidecars: { count: 1, names: ['all'] } });
    const parcels = api('parcels', { basePath: '/v2' }, { namespace: 'returns' });
    expect(await impactOf([parcels])).toMatchObject({ sidecars: { count: 2, names: ['all', 'of-returns'] } });
  });

  it('is of a tier that alone differs, whoever has it', async () => {
    const faster = { ...SILVER, limits: [{ maximumRequests: 200, timePeriodInMilliseconds: 60_000 }] };
    expect(await impactOf([orders({ tiers: [GOLD, faster] })], OWNER)).toMatchObject({
      clients: { count: 1, names: ['returns/portal'] },
      contracts: { count: 1, names: ['shop/portal-orders'] },
    });
  });

  it('is the API alone where nothing is decided by what differs', async () => {
    const told = orders({});
    expect(await impactOf([{ ...told, metadata: { ...told.metadata, description: 'New' } }], OWNER)).toEqual({
      apis: { count: 1, names: ['shop/orders'] },
      clients: {},
      contracts: {},
      sidecars: {},
    });
    expect(await impactOf([orders({ routes: [{ path: '/x' }] })], OWNER)).toEqual({
      apis: { count: 1, names: ['shop/orders'] },
      clients: {},
      contracts: {},
      sidecars: {},
    });
    expect(await impactOf([told], OWNER)).toEqual({ apis: {}, clients: {}, contracts: {}, sidecars: {} });
  });

  it('is of a binding each API that it is or was bound to', async () => {
    const binding = document(
      'PolicyBinding',
      'few',
      { targetRef: { kind: 'Selector', selector: {} }, policyRef: { name: 'rate-limiting' }, config: LIMIT },
      IN_SHOP,
    );
    expect(await impactOf([binding], OWNER)).toMatchObject({ apis: { names: ['shop/drafts', 'shop/orders'] } });
  });

  it('is told of a deletion that is tried', async () => {
    const resources = [{ resource: { kind: 'Contract', namespace: 'shop', name: 'web-orders' } }];
    expect(await services.ask('ResourceService/Delete', { resources, dryRun: true }, OWNER)).toMatchObject({
      impact: { apis: { names: ['shop/orders'] }, clients: { names: ['shop/web'] }, contracts: { count: 1 } },
    });
  });

  it('is not told while there are faults', async () => {
    expect(await diff([orders({ basePath: 'none' })], OWNER)).not.toHaveProperty('impact');
  });

  it('never names what the caller may not see', async () => {
    const namesOf = async (kind: string, who: string): Promise<ReadonlySet<string>> => {
      const { resources = [] } = await services.ask('ResourceService/List', { kinds: [kind], keysOnly: true }, who);
      return new Set((resources as Json[]).map(({ namespace, name }) => `${String(namespace)}/${String(name)}`));
    };
    const documents = [
      orders({ basePath: '/v3' }),
      app('portal', { clientId: 'another' }, { namespace: 'returns' }),
      contract('robot-orders', 'returns/robot', 'orders', {}, IN_SHOP),
      contract('web-orders', 'shop/web', 'orders', { tier: 'silver' }, IN_SHOP),
      api('parcels', { basePath: '/p' }, { namespace: 'returns', lifecycle: 'draft' }),
      document('PolicyBinding', 'all', {
        targetRef: { kind: 'Selector', selector: {} },
        policyRef: { name: 'rate-limiting' },
        config: LIMIT,
      }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(documents, { minLength: 1 }),
        fc.constantFrom(OWNER, VIEWER, OTHER),
        async (some, who) => {
          const impact = await impactOf(some, who);
          if (impact === undefined) return;
          for (const [field, kind] of KINDS) {
            const seen = await namesOf(kind, who);
            for (const name of impact[field].names ?? []) expect(seen).toContain(name);
            expect(impact[field].count ?? 0).toBeLessThanOrEqual(seen.size);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

const LIMIT = { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] };
const KINDS = [
  ['apis', 'Api'],
  ['clients', 'ClientApplication'],
  ['contracts', 'Contract'],
] as const;

describe("one's own APIs", () => {
  const list = (more: object, who = OWNER) => services.ask('AuthoringService/ListOwnApis', more, who);

  it('are those of the teams that one has a role in, with what waits there', async () => {
    expect(await list({})).toEqual({
      apis: [
        expect.objectContaining({
          name: 'drafts',
          displayName: 'Drafts of orders',
          lifecycle: 'draft',
          writable: true,
        }),
        expect.objectContaining({ name: 'orders', team: 'shop', contracts: 2, waiting: 1, policies: 1 }),
      ],
      total: 2,
      teams: [{ name: 'shop', apis: 2 }],
      waiting: 1,
    });
    expect(await list({}, OTHER)).toMatchObject({ total: 1, teams: [{ name: 'returns' }] });
    const { apis } = await list({}, VIEWER);
    expect((apis as Json[]).every(({ writable }) => writable === undefined)).toBe(true);
  });

  it('are found by team, words, lifecycle and what waits, page by page', async () => {
    expect(await list({ search: 'draft order' })).toMatchObject({ total: 1, apis: [{ name: 'drafts' }] });
    expect(await list({ lifecycle: 'published' })).toMatchObject({ total: 1, apis: [{ name: 'orders' }] });
    expect(await list({ waiting: true })).toMatchObject({ total: 1, apis: [{ name: 'orders' }] });
    expect(await list({ team: 'returns' })).not.toHaveProperty('total');
    const { nextPageToken, ...first } = await list({ pageSize: 1 });
    expect(first).toMatchObject({ total: 2, apis: [{ name: 'drafts' }] });
    const second = await list({ pageSize: 1, pageToken: nextPageToken });
    expect(second).toMatchObject({ apis: [{ name: 'orders' }] });
    expect(second).not.toHaveProperty('nextPageToken');
    expect(await list({ pageToken: 'x' })).toMatchObject({ status: 400 });
  });
});

describe('requests that wait', () => {
  const list = (who: string, more: object = {}) => services.ask('AuthoringService/ListRequests', more, who);

  it('are told to whoever decides, with the contracts of the applicant that they may see', async () => {
    expect(await list(OWNER)).toMatchObject({
      total: 1,
      requests: [
        {
          contract: { name: 'robot-orders', state: 'CONTRACT_STATE_PENDING', missingApprovals: 2 },
          applicant: 'returns',
        },
      ],
    });
    // Its other contract is with an API of its own team.
    expect(JSON.stringify(await list(OWNER))).not.toContain('robot-parcels');
    expect(await services.ask('AuthoringService/ListRequests', {})).toMatchObject({
      requests: [{ otherContracts: 1, others: [{ name: 'robot-parcels' }] }],
    });
    expect(await list(OTHER)).not.toHaveProperty('requests');
    expect(await list(OWNER, { namespace: 'shop', api: 'drafts' })).not.toHaveProperty('requests');
    expect(await list(OWNER, { api: 'orders' })).toMatchObject({ status: 400 });
  });

  it('say where somebody else has to approve', async () => {
    const key = { namespace: 'shop', name: 'robot-orders' };
    expect(await services.ask('ContractService/Approve', key, OWNER)).toMatchObject({
      contract: { missingApprovals: 1 },
    });
    expect(await list(OWNER)).toMatchObject({ requests: [{ needsAnother: true }] });
    const [asked] = (await services.ask('AuthoringService/ListRequests', {}))['requests'] as Json[];
    expect(asked).not.toHaveProperty('needsAnother');
  });
});
