import type {
  DescribeResponseJson,
  ListApplicationsResponseJson,
  ListContractsResponseJson,
  SearchResponseJson,
} from '../../../gen/ostiary/v1/catalog_pb.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ControlServices } from '../fixture.ts';
import { document } from '../fixture.ts';
import { openCatalog, TEXT } from './fixture.ts';

let services: ControlServices;

beforeAll(async () => {
  services = await openCatalog({ followers: { nodes: () => [], ask: async () => undefined }, archive: undefined });
});

afterAll(() => services.close());

async function search(request: object, as = 'user:zoe'): Promise<SearchResponseJson> {
  return services.ask('CatalogService/Search', request, as);
}

async function namesOf(query: string, as?: string): Promise<readonly string[]> {
  const { apis = [] } = await search({ query }, as);
  return apis.map(({ name = '' }) => name);
}

describe('a search of the catalog', () => {
  test('finds all that one may ask for, and hides what nobody is offered', async () => {
    expect(await namesOf('')).toEqual(['orders', 'parcels', 'orders-v9']);
    expect(await namesOf('', 'user:olga')).toEqual(['drafts', 'orders', 'parcels', 'orders-v9']);
    expect(await namesOf('', 'user:vic')).toEqual([]);
    expect(await namesOf('drafts')).toEqual([]);
  });

  test.each([
    ['orders', ['orders', 'orders-v9']],
    ['ORDER DESK', ['orders']],
    ['desk', ['orders']],
    ['/order-desk', ['orders']],
    ['old.example', ['orders-v9']],
    ['area=logistics', ['parcels']],
    ['sales', ['orders', 'orders-v9']],
    ['parcels', ['parcels', 'orders']],
    ['shop desk', ['orders']],
    ['päckchen', ['parcels']],
    ['trackingEv', ['parcels']],
    ['/trackingEvents', ['parcels']],
    ['parcels päck', ['parcels']],
    ['moonshot', []],
    ['ackchen', []],
    ['nowhere', []],
    ['("', []],
  ])('finds %s: %j', async (query, names) => {
    expect(await namesOf(query)).toEqual(names);
  });

  test('says what was found in a specification alone, and finds in it what it says now', async () => {
    expect((await search({ query: 'päckchen' })).apis?.[0]?.foundInSpecification).toBe(true);
    expect((await search({ query: 'parcels' })).apis?.[0]?.foundInSpecification).toBeUndefined();
    expect(await namesOf('moonshot', 'user:olga')).toEqual(['drafts']);
    await services.apply([
      document('Specification', 'secret-plans', { format: 'other', text: 'marsshot' }, { namespace: 'shop' }),
    ]);
    expect(await namesOf('moonshot', 'user:olga')).toEqual([]);
    expect(await namesOf('marsshot', 'user:olga')).toEqual(['drafts']);
  });

  test('counts by team, lifecycle and tag, each without itself', async () => {
    const { lifecycles, tags, teams, total } = await search({ lifecycles: ['published'] });
    expect(total).toBe(2);
    expect(teams).toEqual([{ value: 'shop', count: 2 }]);
    expect(lifecycles).toEqual([
      { value: 'published', count: 2 },
      { value: 'deprecated', count: 1 },
    ]);
    expect(tags).toEqual([
      { value: 'area=logistics', count: 1 },
      { value: 'area=sales', count: 1 },
      { value: 'stage=live', count: 1 },
    ]);
    expect((await search({ tags: ['area=sales', 'stage=live'] })).apis).toHaveLength(1);
    expect((await search({ teams: ['zoo'] })).apis).toBeUndefined();
  });

  test('comes in pages', async () => {
    const first = await search({ pageSize: 2 });
    const second = await search({ pageSize: 2, pageToken: first.nextPageToken });
    const names = [first, second].flatMap(({ apis = [] }) => apis.map(({ name }) => name));
    expect(names).toEqual(['orders', 'parcels', 'orders-v9']);
    expect(second.nextPageToken).toBeUndefined();
  });

  test.each([
    [{ pageSize: 101 }, 'page_size: expected at most 100'],
    [{ pageToken: '-1' }, 'page_token is none that a response had'],
    [{ query: 'x'.repeat(1001) }, 'query: expected at most 1000 characters'],
    [{ tags: Array.from({ length: 101 }, () => 'a=b') }, 'tags: expected at most 100'],
  ])('refuses one with a wrong field %#', async (request, message) => {
    expect(await search(request)).toMatchObject({ status: 400, message });
  });
});

describe('an API of the catalog', () => {
  const describeApi = (name: string, as = 'user:zoe') =>
    services.ask('CatalogService/Describe', { namespace: 'shop', name }, as) as Promise<DescribeResponseJson>;

  test('says what whoever calls it has to know', async () => {
    const { api: told } = await describeApi('orders');
    expect(told).toMatchObject({
      entry: {
        name: 'orders',
        displayName: 'Order desk',
        team: 'shop',
        lifecycle: 'published',
        basePath: '/order-desk',
      },
      hosts: ['orders.example.com'],
      terms: { version: '2026-01', text: 'Be **kind**.' },
      authentication: [{ credentials: [{ kind: 'KIND_CLIENT', header: 'client_id', secretHeader: 'client_secret' }] }],
      versions: [
        { name: 'orders', version: 'v10', lifecycle: 'published' },
        { name: 'orders-v9', version: 'v9', lifecycle: 'deprecated' },
      ],
    });
    expect(told?.tiers).toEqual([
      {
        name: 'silver',
        limits: [
          { maximumRequests: '100', timePeriodInMilliseconds: '1000' },
          {
            maximumRequests: '10000',
            timePeriodInMilliseconds: '86400000',
            calendar: 'day',
            timeZone: 'Europe/Berlin',
          },
        ],
      },
      { name: 'old', deprecated: true },
      { name: 'free', limits: [{ maximumRequests: '10', timePeriodInMilliseconds: '60000' }], autoApprove: true },
    ]);
    expect(JSON.stringify(told)).not.toContain('forwardCredentials');
  });

  test('names its specification and where it is reached', async () => {
    const { api: told } = await describeApi('parcels');
    expect(told?.publicUrl).toBe('https://parcels.example.com/');
    expect(told?.specification).toMatchObject({ name: 'parcels', format: 'openapi', bytes: Buffer.byteLength(TEXT) });
  });

  test('has the contracts of the caller’s own applications, and no others', async () => {
    const names = async (as: string) =>
      ((await describeApi('orders', as)).api?.contracts ?? []).map((each) => each.contract?.name);
    expect(await names('user:zoe')).toEqual(['zoo-kiosk-orders', 'zoo-mobile-orders']);
    expect(await names('user:dev')).toEqual([]);
    expect(await names('user:olga')).toEqual([]);
  });

  test('that one may not know of is not there', async () => {
    const hidden = await describeApi('drafts');
    const missing = await describeApi('nothing');
    expect(hidden).toEqual({ status: 404, code: 'not_found', message: 'there is no Api shop/drafts' });
    expect(missing).toEqual({ ...hidden, message: 'there is no Api shop/nothing' });
  });
});

describe('what is one’s own', () => {
  test('applications are those that one may ask with', async () => {
    const list = async (as: string, more: object = {}) =>
      services.ask('CatalogService/ListApplications', more, as) as Promise<ListApplicationsResponseJson>;
    const zoe = await list('user:zoe');
    expect(zoe.applications).toMatchObject([
      { application: { namespace: 'zoo', name: 'kiosk', clientId: 'id-of-kiosk' }, contracts: 1, waiting: 1 },
      { application: { name: 'mobile' }, displayName: 'The zoo’s app', team: 'zoo', contracts: 1 },
    ]);
    expect(zoe.namespaces).toEqual(['zoo']);
    expect((await list('user:zoe', { search: 'ZOO’S' })).applications).toHaveLength(1);
    expect((await list('user:zoe', { application: 'zoo/kiosk' })).applications).toHaveLength(1);
    expect(await list('user:zoe', { application: 'shop/own' })).toEqual({ namespaces: ['zoo'] });
    expect(await list('user:olga')).toEqual({});
    expect(await list('user:vic')).toEqual({});
    expect((await list('as admin')).namespaces).toEqual(['default', 'shop', 'zoo']);
  });

  test('contracts come with their API, their tier and their application', async () => {
    const list = async (more: object, as = 'user:zoe') =>
      services.ask('CatalogService/ListContracts', more, as) as Promise<ListContractsResponseJson>;
    const { contracts } = await list({});
    expect(contracts).toMatchObject([
      { contract: { name: 'zoo-kiosk-orders', state: 'CONTRACT_STATE_PENDING' }, clientId: 'id-of-kiosk' },
      {
        contract: { name: 'zoo-mobile-orders', state: 'CONTRACT_STATE_APPROVED' },
        api: { displayName: 'Order desk' },
        tier: { name: 'silver' },
        applicationNamespace: 'zoo',
        applicationName: 'mobile',
      },
    ]);
    expect((await list({ waiting: true })).contracts).toHaveLength(1);
    expect((await list({ application: 'zoo/mobile' })).contracts).toHaveLength(1);
    expect((await list({ api: 'shop/orders', pageSize: 1 })).nextPageToken).toBe('1');
    expect(await list({ api: 'shop/nothing' })).toEqual({});
    expect(await list({ application: 'shop/own' })).toEqual({});
    expect((await list({}, 'user:dev')).contracts).toMatchObject([{ contract: { name: 'own-parcels' } }]);
    expect(await list({}, 'user:vic')).toEqual({});
  });
});

describe('the usage of a contract', () => {
  test('has the limits where nobody counts', async () => {
    const request = { namespace: 'shop', name: 'zoo-mobile-orders' };
    expect(await services.ask('UsageService/GetUsage', request, 'user:zoe')).toMatchObject({
      tier: 'silver',
      limits: [{ limit: { maximumRequests: '100' } }, { limit: { calendar: 'day' } }],
    });
    expect(await services.ask('UsageService/GetUsage', request, 'user:nobody')).toMatchObject({ status: 404 });
  });
});
