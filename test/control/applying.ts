import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, contract, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

/** What becomes of documents that are applied, whatever the database. */
export function appliesDocuments(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
  });
  afterEach(async () => {
    await services.close();
  });
  const shop = [api('orders'), app('web'), contract('web-orders', 'web', 'orders')];
  const faultsOf = async (documents: readonly object[], more: object = {}): Promise<string[]> => {
    const { faults = [] } = (await services.apply(documents, more)) as { faults?: Record<string, string>[] };
    return faults.map(({ file, field, message }) => `${file}: ${field}: ${message}`);
  };
  const revision = async (): Promise<number> => (await services.registry.head()).revision;

  const names = async (request: object): Promise<string[]> => {
    const { resources = [] } = (await services.ask('ResourceService/List', request)) as {
      resources?: { name: string }[];
    };
    return resources.map(({ name }) => name);
  };

  test('documents are applied whole, and what is as it was takes no revision', async () => {
    expect(await services.apply(shop, { reason: 'first' })).toEqual({
      results: [
        result('Api', 'orders', 'EFFECT_CREATED', '1', 0),
        result('ClientApplication', 'web', 'EFFECT_CREATED', '2', 1),
        result('Contract', 'web-orders', 'EFFECT_CREATED', '3', 2),
      ],
      revision: '3',
    });
    const revoked = contract('web-orders', 'web', 'orders', { status: 'revoked' });
    expect(await services.apply([api('orders'), revoked])).toEqual({
      results: [
        result('Api', 'orders', 'EFFECT_UNCHANGED', '1', 0),
        result('Contract', 'web-orders', 'EFFECT_CHANGED', '4', 1),
      ],
      revision: '4',
    });
    expect(await services.ask('ResourceService/Get', { kind: 'Contract', name: 'web-orders' })).toEqual({
      resource: {
        kind: 'Contract',
        namespace: 'default',
        name: 'web-orders',
        revision: '4',
        createdRevision: '3',
        changedAt: expect.any(String) as string,
        owner: 'api',
        view: 'whole',
        document: revoked,
      },
    });
    expect(await services.ask('ResourceService/Get', { kind: 'Api', name: 'none' })).toMatchObject({
      status: 404,
      code: 'not_found',
      message: 'there is no Api default/none',
    });
  });

  test('one faulty document keeps all of them out, and each fault has its file, field and remedy', async () => {
    const answer = await services.ask('ResourceService/Apply', {
      documents: [
        { document: api('orders'), file: 'orders.yaml' },
        { document: contract('c', 'nobody', 'orders', { tier: 'gld' }), file: 'contracts.yaml' },
        { document: app('web', { clientID: 'x' }) },
      ],
    });
    expect(answer).toEqual({
      faults: [
        {
          document: 2,
          file: 'document 3',
          field: 'spec.clientID',
          message: 'unknown field; did you mean "clientId"?',
        },
      ],
    });
    expect(await faultsOf([api('orders'), contract('c', 'nobody', 'orders', { tier: 'gld' })])).toEqual([
      'document 2: spec.tier: the API orders has no tier of this name; did you mean "gold"?',
      'document 2: spec.clientApplication: there is no ClientApplication of this name',
    ]);
    expect(await revision()).toBe(0);
  });

  test('documents without a kind or a name, and two of one name, are refused', async () => {
    expect(await faultsOf([{}, { kind: 'Api', metadata: { name: 'a b' } }, { kind: 'Nothing', metadata: {} }])).toEqual(
      [
        expect.stringMatching(/^document 1: apiVersion: expected "ostiary.dev/) as string,
        expect.stringMatching(/^document 1: kind: expected one of Api, /) as string,
        expect.stringMatching(/^document 2: apiVersion/) as string,
        expect.stringMatching(/^document 2: metadata.name: expected a name/) as string,
        expect.stringMatching(/^document 2: spec: is missing/) as string,
        expect.stringMatching(/^document 3: apiVersion/) as string,
        expect.stringMatching(/^document 3: kind: expected one of/) as string,
      ],
    );
    expect(await faultsOf([app('a'), app('a')])).toEqual([
      'document 2: metadata.name: another document of this request is the same resource: the one at place 1',
    ]);
    expect(await services.apply([])).toMatchObject({ status: 400, message: 'documents is empty' });
  });

  test('what a change would break elsewhere is named, and the change refused', async () => {
    await services.apply([...shop, app('other'), app('wob'), contract('other-orders', 'other', 'orders')]);
    const faults = [
      'Contract default/other-orders: spec.tier: the API orders has no tier of this name; it has silver',
      'Contract default/web-orders: spec.tier: the API orders has no tier of this name; it has silver',
    ];
    const silver = [{ name: 'silver', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] }];
    expect(await faultsOf([api('orders', { tiers: silver })])).toEqual(faults);
    const deleting = { resources: [{ resource: { kind: 'ClientApplication', name: 'web' } }] };
    expect(await services.ask('ResourceService/Delete', deleting)).toEqual({
      faults: [
        {
          file: 'Contract default/web-orders',
          field: 'spec.clientApplication',
          message: 'there is no ClientApplication of this name; did you mean "wob"?',
        },
      ],
      revision: '6',
    });
    // With what refers to it, it goes.
    const both = [...deleting.resources, { resource: { kind: 'Contract', name: 'web-orders' } }];
    expect(await services.ask('ResourceService/Delete', { resources: both, reason: 'gone' })).toMatchObject({
      results: [
        { effect: 'EFFECT_DELETED', revision: '7' },
        { effect: 'EFFECT_DELETED', revision: '8' },
      ],
      revision: '8',
    });
  });

  test('what two resources must not share is told, of whatever namespace they are', async () => {
    await services.apply([...shop, app('keys', { apiKeys: [{ id: 'k1', salt: 's', sha256: 'a'.repeat(64) }] })]);
    const elsewhere = { namespace: 'shop' };
    expect(await faultsOf([app('twin', { clientId: 'id-of-web' }, elsewhere)])).toEqual([
      'document 1: spec.clientId: another client application has this client id: ClientApplication default/web',
    ]);
    expect(
      await faultsOf([app('twin', { apiKeys: [{ id: 'k1', salt: 's', sha256: 'b'.repeat(64) }] }, elsewhere)]),
    ).toEqual([expect.stringContaining('another client application has this API key: ClientApplication default/keys')]);
    expect(await faultsOf([contract('again', 'web', 'orders')])).toEqual([
      'document 1: spec.clientApplication: has another contract with this API: Contract default/web-orders',
    ]);
    expect(await faultsOf([api('twin', { hosts: ['orders.example.com'] })])).toEqual([
      'document 1: spec.hosts[0]: the API orders has the same host and base path: Api default/orders',
    ]);
    // Of two namespaces the older one gets the requests, and its owner is not kept from working.
    const younger = await services.apply([api('twin', { hosts: ['orders.example.com'] }, elsewhere)]);
    expect(younger).toMatchObject({
      results: [{ effect: 'EFFECT_CREATED' }],
      warnings: [{ document: 0, field: 'spec.hosts[0]', severity: 'warning' }],
    });
    expect(await services.apply([api('orders', { basePath: '/v1' })])).toMatchObject({ revision: '6' });
  });

  test('bindings are checked with the APIs that they select', async () => {
    const binding = (labels: object, metadata: object = {}) =>
      document(
        'PolicyBinding',
        'limit',
        {
          targetRef: { kind: 'Selector', selector: { labels } },
          policyRef: { name: 'rate-limiting' },
          config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] },
        },
        metadata,
      );
    await services.apply([api('orders', {}, { labels: { team: 'shop' } }), api('pets')]);
    expect(await faultsOf([binding({ team: 'shp' })])).toEqual([
      'document 1: spec.targetRef.selector.labels: no API has all of these labels, so the policy would protect nothing',
    ]);
    expect(await services.apply([binding({ team: 'shop' })])).toMatchObject({ revision: '3' });
    // The label goes, and the policy would protect nothing.
    expect(await faultsOf([api('orders')])).toEqual([
      'PolicyBinding default/limit: spec.targetRef.selector.labels: no API has all of these labels, so the policy would protect nothing',
    ]);
    expect(await services.apply([api('orders'), api('pets', {}, { labels: { team: 'shop' } })])).toMatchObject({
      revision: '5',
    });
  });

  test('a dry run and Diff tell what would be, and write nothing', async () => {
    await services.apply(shop);
    const changed = api('orders', { basePath: '/v2' });
    expect(await services.apply([changed, app('web'), app('new')], { dryRun: true })).toEqual({
      results: [
        { resource: key('Api', 'orders'), effect: 'EFFECT_CHANGED', document: 0 },
        result('ClientApplication', 'web', 'EFFECT_UNCHANGED', '2', 1),
        { resource: key('ClientApplication', 'new'), effect: 'EFFECT_CREATED', document: 2 },
      ],
      revision: '3',
    });
    const diff = await services.ask('ResourceService/Diff', { documents: [{ document: changed }] });
    expect(diff).toEqual({
      differences: [
        {
          resource: key('Api', 'orders'),
          effect: 'EFFECT_CHANGED',
          before: api('orders'),
          after: changed,
          document: 0,
          owner: 'api',
        },
      ],
      revision: '3',
      impact: expect.objectContaining({ clients: { count: 1, names: ['web'] } }) as object,
    });
    expect(await revision()).toBe(3);
  });

  test('a set is pruned of what is not applied with it any more, and of nothing else', async () => {
    await services.apply(shop, { set: 'shop' });
    await services.apply([app('mine'), app('theirs')], { set: 'other' });
    await services.apply([app('nobody')]);
    expect(await services.apply([api('orders')], { prune: true })).toMatchObject({ status: 400 });
    // The contract needs its client.
    expect(await faultsOf([shop[0] as object, shop[2] as object], { set: 'shop', prune: true })).toHaveLength(1);
    const pruned = await services.apply([api('orders')], { set: 'shop', prune: true });
    expect(pruned).toMatchObject({
      results: [
        { resource: { name: 'orders' }, effect: 'EFFECT_UNCHANGED' },
        { resource: { kind: 'ClientApplication', name: 'web' }, effect: 'EFFECT_DELETED' },
        { resource: { kind: 'Contract', name: 'web-orders' }, effect: 'EFFECT_DELETED' },
      ],
    });
    expect((pruned['results'] as object[])[1]).not.toHaveProperty('document');
    // Applied without a set, it keeps the one it has.
    await services.apply([app('mine', { clientId: 'changed' })]);
    expect(await names({ set: 'other' })).toEqual(['mine', 'theirs']);
    expect(await services.apply([], { set: 'other', prune: true })).toMatchObject({ results: [{}, {}] });
    expect(await names({})).toEqual(['orders', 'nobody']);
  });
}

function key(kind: string, name: string) {
  return { kind, namespace: 'default', name };
}

function result(kind: string, name: string, effect: string, revision: string, place: number) {
  return { resource: key(kind, name), effect, revision, document: place };
}
