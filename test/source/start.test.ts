import { join } from 'node:path';
import { unlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigSource, InForceOptions } from '../../src/source/documents-in-force.ts';
import { followFolder } from '../../src/source/folder-source.ts';
import { document, options, writeFolder } from '../document/documents.ts';
import type { Files } from '../document/documents.ts';

const GATE = { policyRef: { name: 'gate' } };
const FAULT = { ...GATE, config: { refuse: true, text: 'x' } };
const api = (name: string, spec: object = {}, metadata: object = {}) =>
  document('Api', name, { basePath: `/${name}`, policies: [GATE], ...spec }, metadata);
const client = (name: string, spec: object = {}, metadata: object = {}) =>
  document('ClientApplication', name, { clientId: name, ...spec }, metadata);
const contract = (name: string, of: string, spec: object = {}) =>
  document('Contract', name, { api: of, clientApplication: 'web', status: 'approved', ...spec });
const binding = (name: string, targetRef: object, spec: object = {}, metadata: object = {}) =>
  document('PolicyBinding', name, { targetRef, ...GATE, config: { header: `x-${name}` }, ...spec }, metadata);
const selecting = (labels: object) => ({ kind: 'Selector', selector: { labels } });
const ROOT = api('root', { basePath: '/', policies: [], public: true });

const open: ConfigSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
});

async function start(files: Files, changed: Partial<InForceOptions> = {}) {
  const folder = writeFolder(files);
  const source = await followFolder({ ...options, paths: [folder], ...changed });
  open.push(source);
  const all = (): string => {
    const { apis, withheld } = source.current();
    if (withheld !== undefined) return 'everything';
    return apis.map((each) => `${each.name}${each.withheld === undefined ? '' : ' 503'}`).join(', ');
  };
  return {
    source,
    all,
    /** The API that gets requests of a path. */
    at: (path: string, host = 'any') => {
      const found = source.current().apiFor(host, path);
      return `${found?.name}${found?.withheld === undefined ? '' : ' 503'}`;
    },
    reload: async (change: Files | ((folder: string) => void)) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = source.onChange(() => resolve());
      if (typeof change === 'function') change(folder);
      else writeFolder(change, folder);
      await promise;
      stop();
      return all();
    },
  };
}

describe('at a start with faults, without earlier documents', () => {
  it('an API with one is withheld, keeps its place, and the rest is served', async () => {
    const { all, at, source } = await start({
      'a.json': [ROOT, api('orders')],
      'b.json': api('admin', { polices: [] }),
    });
    expect(all()).toBe('admin 503, orders, root');
    expect([at('/admin/x'), at('/orders'), at('/else')]).toEqual(['admin 503', 'orders', 'root']);
    const { faults, held, successful } = source.status();
    expect({ held, successful, faults: faults.map(({ field }) => field) }).toEqual({
      held: ['Api admin'],
      successful: false,
      faults: ['spec.polices'],
    });
    expect(source.current().apiNamed('admin')?.withheld).toMatch(
      /b\.json:1:\d+: spec\.polices: unknown field; did you/,
    );
  });

  it('every request is withheld while a file can not be read, and then none', async () => {
    const { all, reload, source } = await start({ 'a.json': [ROOT, api('orders')], 'b.yaml': 'kind: [' });
    expect(all()).toBe('everything');
    expect(source.current().withheld).toMatch(/^any API may be meant by .*b\.yaml:1/);
    expect(source.current().apis.map(({ withheld }) => withheld === undefined)).toEqual([false, false]);
    expect(await reload({ 'b.yaml': 'kind: [{' })).toBe('everything');
    expect(await reload({ 'b.yaml': `kind: Api`, 'a.json': ROOT })).toBe('everything');
    expect(await reload({ 'b.yaml': JSON.stringify(api('admin')) })).toBe('admin, root');
  });

  it.each([
    ['of an unknown kind', { ...api('new'), kind: 'Apo' }],
    ['of another version', { ...api('new'), apiVersion: 'ostiary.dev/v2' }],
    ['without a kind', { metadata: { name: 'x' } }],
    ['without a name', { ...api('new'), metadata: {} }],
    ['with a namespace that is none', { ...contract('c', 'orders'), metadata: { name: 'c', namespace: 7 } }],
    ['with a slip in the namespace', { ...client('c'), metadata: { name: 'c', namspace: 'shop' } }],
    ['whose path nobody can tell', api('new', { basePath: 'new' })],
    ['whose host is a slip', api('new', { host: 'a.example' })],
    ['that is empty', ''],
    ['of the platform that is bound to nobody knows what', binding('p', { kind: 'x' }, {}, { namespace: 'platform' })],
    ['of the platform with a slip in that', binding('p', selecting({}), {}, { namespace: 'platfrom' })],
    [
      'that is a policy of a namespace without APIs',
      binding('p', { kind: 'Api', name: 'orders' }, {}, { namespace: 'x' }),
    ],
    ['whose path has another name', api('new', { basePath: undefined, pathPrefix: '/orders/new' })],
    ['whose path is deeper', api('new', { basePath: undefined, at: { route: '/orders/new' } })],
    ['whose path is in the wrong column', { ...api('new', { basePath: undefined }), basePath: '/orders/new' }],
    [
      'whose path is in a policy',
      api('new', { basePath: undefined, policies: [{ ...GATE, basePath: '/orders/new' }] }),
    ],
    ['with more hosts than it is known to have', api('new', { hosts: ['a.example'], aliases: ['b.example'] })],
    ['of a configuration', document('Configuration', 'main', { unknown: true })],
  ])('every request is withheld with a document %s', async (_, broken) => {
    expect((await start({ 'a.json': [ROOT, api('orders')], 'b.json': broken })).all()).toBe('everything');
  });

  it.each([
    ['a contract', [contract('one', 'orders', { until: 1 })], 'billing, orders 503'],
    [
      'a contract with a client that is not there',
      [contract('one', 'orders', { clientApplication: 'no' })],
      'billing, orders 503',
    ],
    [
      'a client with a contract',
      [client('app', { id: 1 }), contract('one', 'orders', { clientApplication: 'app' })],
      'billing, orders 503',
    ],
    ['a client without contracts', [client('app', { id: 1 })], 'billing, orders'],
    ['two clients with one id', [client('app', { clientId: 'web' }), contract('one', 'orders')], 'billing, orders 503'],
    ['a contract with an API that is not there', [contract('one', 'order')], 'billing 503, orders 503'],
    [
      'a policy of it',
      [binding('p', { kind: 'Api', name: 'orders' }, { config: { refuse: true } })],
      'billing, orders 503',
    ],
    ['a policy that is not read', [binding('p', { kind: 'Api', name: 'orders' }, { until: 1 })], 'billing, orders 503'],
    ['a policy by its labels', [binding('p', selecting({ team: 'a' }), FAULT)], 'billing, orders 503'],
    ['a policy by labels of no API', [binding('p', selecting({ team: 'x' }))], 'billing 503, orders 503'],
    [
      'a policy of a later version',
      [binding('p', { ...selecting({ team: 'a' }), except: 1 })],
      'billing 503, orders 503',
    ],
    ['another API in its place', [api('copy', { basePath: '/orders' })], 'billing, copy 503, orders 503'],
    ['a copy of it', [api('orders')], 'billing, orders 503'],
    ['a copy of it elsewhere', [api('orders', { basePath: '/o' })], 'everything'],
    ['a copy that is not read', [api('orders', { until: 1 })], 'billing, orders 503'],
    ['two contracts of one name', [contract('one', 'orders'), contract('one', 'orders')], 'billing, orders 503'],
    [
      'a secret that its policy reads',
      [
        document('Secret', 's', { data: {} }),
        api('reads', { policies: [{ ...GATE, config: { text: '${secret:s/key}' } }] }),
      ],
      'billing, orders, reads 503',
    ],
    ['a team', [document('Team', 'a', { until: 1 })], 'billing, orders'],
    ['an alert', [document('Alert', 'a', { until: 1 })], 'billing, orders'],
  ])('an API is withheld with %s', async (_, broken, told) => {
    const { all, source } = await start({
      'a.json': [api('orders', {}, { labels: { team: 'a' } }), api('billing'), client('web')],
      'b.json': [api('other', {}, { namespace: 'shop' })],
      'c.json': broken,
    });
    expect(all()).toBe(told === 'everything' ? told : `${told}, shop/other`);
    expect(source.status().faults).not.toEqual([]);
    expect([...source.current().contracts()].length).toBe(0);
  });

  it('a failure of ours in a reload leaves every request withheld', async () => {
    let now = () => 1;
    const clock = { now: () => now(), monotonic: () => performance.now() };
    const { all, reload, source } = await start({ 'a.json': ROOT, 'b.json': '{' }, { clock });
    now = () => {
      throw new Error('a defect');
    };
    await expect.poll(() => source.status().faults[0]?.message, { timeout: 10_000 }).toContain('a defect');
    expect(all()).toBe('everything');
    now = () => 1;
    expect(await reload({ 'b.json': api('orders') })).toBe('orders, root');
  });

  it('a start is refused where a folder is not there, or is empty', async () => {
    await expect(followFolder({ ...options, paths: ['/nowhere'] })).rejects.toThrow('/nowhere');
    await expect(start({ 'a.txt': 'x' })).rejects.toThrow('no documents here');
  });
});

describe('a withheld API', () => {
  it('stays so through reloads, and is served once its fault is mended', async () => {
    const { at, reload } = await start({ 'a.json': ROOT, 'b.json': api('admin', { policies: [FAULT] }) });
    expect(await reload({ 'a.json': [ROOT, api('orders')] })).toBe('admin 503, orders, root');
    expect(at('/admin')).toBe('admin 503');
    expect(await reload({ 'b.json': api('admin', { until: 1 }) })).toBe('admin 503, orders, root');
    expect(await reload({ 'b.json': '{' })).toBe('admin 503, orders, root');
    expect(await reload({ 'b.json': api('admin') })).toBe('admin, orders, root');
    expect(await reload({ 'b.json': api('admin', { policies: [FAULT] }) })).toBe('admin, orders, root');
  });

  it('stays so while a policy that names no API has a fault, whatever else changes', async () => {
    const slip = binding('p', { kind: 'Api', name: 'order' });
    const { reload } = await start({ 'a.json': api('orders'), 'b.json': slip });
    expect(await reload({ 'c.json': client('web') })).toBe('orders 503');
    expect(await reload({ 'a.json': [api('orders'), api('new')], 'c.json': client('app') })).toBe('orders 503');
    expect(await reload({ 'b.json': binding('p', { kind: 'Api', name: 'orders' }) })).toBe('new, orders');
  });

  it('stays so when its file moves while it has its fault, and goes with its file', async () => {
    const { at, reload } = await start({ 'a.json': ROOT, 'b.json': api('admin', { until: 1 }) });
    await reload((folder) => {
      unlinkSync(join(folder, 'b.json'));
      writeFolder({ 'c.json': api('admin', { until: 2 }) }, folder);
    });
    expect(at('/admin')).toBe('admin 503');
    await reload((folder) => unlinkSync(join(folder, 'c.json')));
    expect(at('/admin')).toBe('root');
  });

  it('is not served without the contracts that have a fault', async () => {
    const { reload, source } = await start({
      'a.json': [api('orders'), client('web')],
      'b.json': contract('one', 'order'),
    });
    expect(await reload({ 'b.json': contract('one', 'orders', { tier: 'no' }) })).toBe('orders 503');
    expect(await reload({ 'b.json': contract('one', 'orders') })).toBe('orders');
    expect([...source.current().contracts()].length).toBe(1);
  });
});
