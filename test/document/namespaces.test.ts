import { describe, expect, it } from 'vitest';
import { formatFault } from '../../src/document/fault.ts';
import { followDocuments } from '../../src/source/documents-in-force.ts';
import { MemorySource, resource } from '../source/memory-source.ts';
import { document, faultsOf, options, snapshotOf } from './documents.ts';

const POLICY = { policyRef: { name: 'gate' } };
const inTeam = (namespace: string, extra: object = {}) => ({ namespace, ...extra });
const api = (name: string, namespace: string, spec: object = {}, metadata: object = {}) =>
  document('Api', name, { hosts: [`${namespace}.example.com`], ...spec }, inTeam(namespace, metadata));
const binding = (name: string, namespace: string, targetRef: object = { kind: 'Selector', selector: {} }) =>
  document('PolicyBinding', name, { targetRef, ...POLICY }, inTeam(namespace));
const policiesOf = (apis: Awaited<ReturnType<typeof snapshotOf>>['apis']) =>
  Object.fromEntries(apis.map(({ name, access }) => [name, access.map((bound) => bound.name)]));

describe('namespaces', () => {
  it('let teams use the same names, and the default one is left out of them', async () => {
    const snapshot = await snapshotOf({
      'a.json': [api('orders', 'default'), api('orders', 'shop', { policies: [POLICY] }), document('Api', 'plain', {})],
    });
    expect(policiesOf(snapshot.apis)).toEqual({ orders: [], plain: [], 'shop/orders': ['shop/orders/gate'] });
    expect(snapshot.apiNamed('shop/orders')?.hosts).toEqual(['shop.example.com']);
  });

  it('keep selectors and references inside, but for the platform, whose policies run first', async () => {
    const late = { policies: [{ ...POLICY, order: -100 }] };
    const snapshot = await snapshotOf({
      'a.json': [
        api('orders', 'shop', late, { labels: { public: 'yes' } }),
        api('orders', 'bank'),
        binding('all', 'shop'),
        binding('all', 'platform'),
        binding('one', 'platform', { kind: 'Api', name: 'bank/orders' }),
      ],
    });
    expect(policiesOf(snapshot.apis)).toEqual({
      'bank/orders': ['platform/all', 'platform/one'],
      'shop/orders': ['platform/all', 'shop/orders/gate', 'shop/all'],
    });
    expect(await faultsOf({ 'a.json': [api('orders', 'bank'), binding('b', 'shpo')] })).toEqual([
      expect.stringContaining('spec.targetRef.selector: no API is in the namespace shpo'),
    ]);
    expect(
      await faultsOf({ 'a.json': [api('orders', 'bank'), binding('b', 'shop', { kind: 'Api', name: 'orders' })] }),
    ).toEqual([
      expect.stringContaining('there is no Api of this name in this namespace; "bank/orders" is of another one'),
    ]);
  });

  it('leave no two policies of an API with one name, since counters go by it', async () => {
    const own = (policies: object[]) => document('Api', 'platform', { policies });
    const shared = expect.stringMatching(
      /spec\.policies\[0\]\.policyRef\.name: counts under the name platform\/gate, as a binding does/,
    ) as string;
    expect(await faultsOf({ 'a.json': [own([POLICY]), binding('gate', 'platform')] })).toEqual([shared]);
    const named = own([{ ...POLICY, name: 'own' }]);
    const { apis } = await snapshotOf({ 'a.json': [named, binding('gate', 'platform')] });
    expect(policiesOf(apis)).toEqual({ platform: ['platform/gate', 'platform/own'] });
  });

  it('have contracts with their APIs: the client may be of another one, the API may not', async () => {
    const tiers = [{ name: 'gold', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] }];
    const client = (namespace: string) =>
      document('ClientApplication', 'web', { clientId: `web-${namespace}` }, inTeam(namespace));
    const contract = (namespace: string, spec: object) =>
      document('Contract', 'c', { api: 'orders', clientApplication: 'web', tier: 'gold', ...spec }, inTeam(namespace));
    const { directory } = await snapshotOf({
      'a.json': [
        api('orders', 'shop', { tiers }),
        client('shop'),
        client('bank'),
        contract('shop', { status: 'approved' }),
        contract('platform', { api: 'shop/orders', clientApplication: 'bank/web', status: 'approved' }),
        document('ClientApplication', 'web', { clientId: 'web-default' }),
        document(
          'Contract',
          'other',
          { api: 'orders', clientApplication: 'default/web', tier: 'gold', status: 'approved' },
          inTeam('shop'),
        ),
      ],
    });
    expect(directory.contract('web-shop', 'shop/orders')?.name).toBe('shop/c');
    expect(directory.contract('web-bank', 'shop/orders')?.client.name).toBe('bank/web');
    expect(directory.contract('web-default', 'shop/orders')?.client.name).toBe('web');
    expect(await faultsOf({ 'a.json': [api('orders', 'shop', { tiers }), contract('bank', {})] })).toHaveLength(2);
  });

  it('tell how a client of another one is written in a contract', async () => {
    const told = (clientApplication: string, namespace: string | undefined) =>
      faultsOf({
        'a.json': [
          api('orders', 'shop'),
          document('ClientApplication', 'web', { clientId: 'web' }, namespace === undefined ? {} : { namespace }),
          document('Contract', 'c', { api: 'orders', clientApplication }, inTeam('shop')),
        ],
      });
    const field = 'spec.clientApplication: there is no ClientApplication of this name in this namespace';
    expect(await told('web', 'bank')).toEqual([
      expect.stringContaining(`${field}; "bank/web" is of another one; write "bank/web" if that is meant`),
    ]);
    expect(await told('web', undefined)).toEqual([
      expect.stringContaining(`${field}; "web" is of another one; write "default/web" if that is meant`),
    ]);
    for (const none of ['bank/wbe', 'bank/', '/web', 'a/b/web', 'bank/web/', 'bank//web']) {
      expect(await told(none, 'bank')).toEqual([expect.stringContaining('spec.clientApplication: there is no')]);
    }
    // Its own namespace may be written too.
    expect(await told('shop/web', 'shop')).toEqual([]);
  });

  it('have one contract of a client with an API, however the client is written', async () => {
    const contract = (name: string, clientApplication: string) =>
      document('Contract', name, { api: 'orders', clientApplication, status: 'approved' }, inTeam('shop'));
    const told = await faultsOf({
      'a.json': [
        api('orders', 'shop'),
        document('ClientApplication', 'web', { clientId: 'web' }, inTeam('shop')),
        contract('one', 'web'),
        contract('two', 'shop/web'),
      ],
    });
    expect(told).toEqual([expect.stringContaining('spec.clientApplication: has another contract with this API')]);
  });

  it.each(['default', 'bank'])('keep the references of %s in it, even if they have a slash', async (namespace) => {
    const contract = { api: 'shop/orders', clientApplication: 'shop/web', status: 'approved' };
    const told = await faultsOf({
      'a.json': [
        api('orders', 'shop'),
        document('ClientApplication', 'web', { clientId: 'web' }, inTeam('shop')),
        document('Contract', 'c', contract, inTeam(namespace)),
        binding('b', namespace, { kind: 'Api', name: 'shop/orders' }),
      ],
    });
    // But for the client of a contract.
    const fields = ['spec.api', 'spec.targetRef.name'];
    expect(told.filter((fault) => fields.some((field) => fault.includes(`${field}: there is no`)))).toHaveLength(2);
    expect(told.filter((fault) => fault.includes('spec.clientApplication'))).toEqual([]);
  });

  it('say prose for people, which changes no version', async () => {
    const prose = {
      displayName: 'Orders of the shop',
      description: 'What was bought',
      annotations: { wiki: 'page 7' },
    };
    const plain = await snapshotOf({ 'a.json': document('Api', 'orders', {}) });
    const told = await snapshotOf({ 'a.json': document('Api', 'orders', {}, { ...prose, namespace: 'default' }) });
    expect(told.version).toBe(plain.version);
  });

  it('own the headers that their policies set, and the platform owns its own everywhere', async () => {
    const sets = (header: string) => ({ policies: [{ ...POLICY, config: { header } }] });
    const everywhere = document(
      'PolicyBinding',
      'b',
      { targetRef: { kind: 'Selector', selector: {} }, ...POLICY, config: { header: 'x-platform' } },
      inTeam('platform'),
    );
    const snapshot = await snapshotOf({
      'a.json': [
        api('orders', 'shop', sets('x-shop')),
        api('bills', 'shop', { basePath: '/bills' }),
        api('orders', 'bank'),
        everywhere,
      ],
    });
    const namesOf = (name: string) => {
      const owned = [...(snapshot.apiNamed(name)?.identityHeaders.names ?? [])];
      return owned.filter((header) => !header.startsWith('x-ostiary-'));
    };
    expect(namesOf('shop/bills')).toEqual(['x-shop', 'x-platform']);
    expect(namesOf('bank/orders')).toEqual(['x-platform']);
    expect([...snapshot.identityHeaders.names]).toEqual(expect.arrayContaining(['x-shop', 'x-platform']));
  });

  it('with one host and path in two of them: the older API holds it, and the younger is told', async () => {
    const claim = (namespace: string) => resource('Api', 'orders', { hosts: ['one.example.com'] }, { namespace });
    const [older, younger] = [claim('shop'), claim('bank')];
    const documents = await followDocuments(new MemorySource([younger, older]), options);
    expect(documents.current().apiFor('one.example.com', '/')?.name).toBe('shop/orders');
    expect(documents.status().warnings.map(formatFault)).toEqual([
      expect.stringMatching(/^Api\/orders@\d+: .*the API shop\/orders has the same host and base path/),
    ]);
    await documents.close();
    // One that tells no age, such as a file beside a control plane, is the older one, wherever it stands.
    const { createdAt: _, ...ageless } = claim('bank');
    for (const both of [
      [claim('shop'), ageless],
      [ageless, claim('shop')],
    ]) {
      const mixed = await followDocuments(new MemorySource(both), options);
      expect(mixed.current().apiFor('one.example.com', '/')?.name).toBe('bank/orders');
      await mixed.close();
    }
    // Files do not tell which is older.
    const files = [document('Api', 'a', {}, inTeam('shop')), document('Api', 'b', {}, inTeam('bank'))];
    expect(await faultsOf({ 'a.json': files })).toEqual([expect.stringContaining('has the same host and base path')]);
  });
});
