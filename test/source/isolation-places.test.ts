import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigSource } from '../../src/source/documents-in-force.ts';
import { keyOf } from '../../src/source/document-keys.ts';
import type { Documents } from '../../src/source/document-keys.ts';
import { holdBack } from '../../src/source/hold-back.ts';
import { followFolder } from '../../src/source/folder-source.ts';
import { document, options, writeFolder } from '../document/documents.ts';
import type { Files } from '../document/documents.ts';
import { resource } from './memory-source.ts';

const GATE = { policyRef: { name: 'gate' } };
const FAULT = { ...GATE, config: { refuse: true, text: 'x' } };
const api = (name: string, spec: object = {}) =>
  document('Api', name, { basePath: `/${name}`, policies: [GATE], ...spec });
const client = (name: string, spec: object = {}) => document('ClientApplication', name, { clientId: name, ...spec });
const contract = (name: string, of: string, spec: object = {}) =>
  document('Contract', name, { api: of, clientApplication: 'web', status: 'approved', ...spec });
const header = (name: string) => ({ ...GATE, config: { header: name } });

const open: ConfigSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
});

async function follow(files: Files) {
  const folder = writeFolder(files);
  const source = await followFolder({ ...options, paths: [folder] });
  open.push(source);
  return async (change: Files) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = source.onChange(() => resolve());
    writeFolder(change, folder);
    await promise;
    stop();
    const { held, successful } = source.status();
    const apis = source.current().apis.map(({ name, basePath, access }) => `${name} ${basePath} ${access.length}`);
    return { apis, held: held.toSorted((a, b) => (a < b ? -1 : 1)), successful };
  };
}

const root = (policies: object[] = []) => api('root', { basePath: '/', policies });

describe('an API whose requests would fall to another', () => {
  it('stays while the other, which takes its place, has a fault', async () => {
    const reload = await follow({ 'a.json': [root(), api('admin')], 'b.json': client('web') });
    const after = await reload({ 'a.json': [root([FAULT])] });
    expect(after.apis).toEqual(['admin /admin 1', 'root / 0']);
    const mended = await reload({ 'a.json': [root([GATE])] });
    expect(mended).toEqual({ apis: ['root / 1'], held: [], successful: true });
  });

  it('stays while the one of another name, which takes its place, has a fault', async () => {
    const reload = await follow({ 'a.json': [root(), api('admin')], 'b.json': api('other') });
    const after = await reload({
      'a.json': [root(), api('manage', { basePath: '/admin', policies: [FAULT] })],
      'b.json': api('other', { basePath: '/else' }),
    });
    expect(after.apis).toEqual(['admin /admin 1', 'other /else 1', 'root / 0']);
  });

  it('is not loosened while the one that is to be cut out of it has a fault', async () => {
    const reload = await follow({ 'a.json': [root([GATE])], 'b.json': api('other', { hosts: ['b.example'] }) });
    const after = await reload({
      'a.json': [root(), api('admin', { policies: [FAULT] })],
      'b.json': api('other', { hosts: ['b.example'], policies: [] }),
    });
    expect(after.apis).toContain('root / 1');
  });

  it.each([
    ['a field that nobody knows', { speed: 1 }, ['y /p/q 1']],
    ['a path that is none', { basePath: 7 }, ['y /p/q 1']],
    ['a path of its own that nobody goes to', { basePath: '/elsewhere', hosts: ['b.example'], speed: 1 }, ['y / 1']],
  ])('does not get the requests of a new one that can not be read for %s', async (_what, spec, found) => {
    const at = (name: string, more: object) => api(name, { hosts: ['a.example'], ...more });
    const reload = await follow({ 'a.json': at('y', { basePath: '/p/q' }), 'b.json': client('web') });
    const after = await reload({
      'a.json': at('y', { basePath: '/' }),
      'b.json': [at('x', { basePath: '/p', ...spec })],
    });
    expect(after.apis).toEqual(found);
  });

  it('of another host does not wait', async () => {
    const at = (host: string, policies: object[]) => api(host, { hosts: [`${host}.example`], basePath: '/', policies });
    const reload = await follow({ 'a.json': [at('a', [GATE]), at('b', [GATE])] });
    const after = await reload({ 'a.json': [at('a', [FAULT])] });
    expect(after.apis).toEqual(['a / 1']);
  });

  it('stays while it may have moved into a file that nobody can read', async () => {
    const reload = await follow({ 'a.json': [root(), api('admin')], 'b.json': client('web') });
    const after = await reload({ 'a.json': [root()], 'c.yaml': 'kind: [' });
    expect(after.apis).toEqual(['admin /admin 1', 'root / 0']);
  });
});

describe('an API that goes, and leaves its requests to none', () => {
  it.each([
    ['stays while a file can not be read', '{', ['admin /admin 1', 'else /else 1', 'other /other 1']],
    [
      'stays if it has moved and is not read',
      [api('other'), api('admin', { until: 1 })],
      ['admin /admin 1', 'else /else 1', 'other /other 1'],
    ],
    [
      'stays if it has moved beside one that is not read',
      [api('other', { until: 1 }), api('admin')],
      ['admin /admin 1', 'else /else 1', 'other /other 1'],
    ],
    [
      'stays if one of another name is not read',
      [api('other'), api('new', { basePath: '/admin', until: 1 })],
      ['admin /admin 1', 'else /else 1', 'other /other 1'],
    ],
    ['goes if what is not read is another', api('other', { until: 1 }), ['else /else 1', 'other /other 1']],
    [
      'goes if what is not read is none',
      [api('other'), contract('one', 'other', { until: 1 })],
      ['else /else 1', 'other /other 1'],
    ],
  ] as const)('%s', async (_, file, apis) => {
    const reload = await follow({ 'a.json': [api('admin'), api('else')], 'b.json': api('other') });
    const after = await reload({ 'a.json': api('else'), 'b.json': file });
    expect(after.apis).toEqual(apis);
  });
});

describe('an API while a file is unreadable', () => {
  it('keeps its policies, if it gains one for each that it loses', async () => {
    const reload = await follow({ 'a.json': api('orders', { policies: [header('x-key')] }), 'b.json': api('other') });
    const after = await reload({
      'a.json': api('orders', { policies: [GATE] }),
      'b.json': api('other', { basePath: '/else' }),
      'c.yaml': 'kind: [',
    });
    expect(after).toEqual({ apis: ['orders /orders 1', 'other /else 1'], held: ['Api orders'], successful: false });
  });

  it('is told as held back, if nothing else has changed', async () => {
    const reload = await follow({ 'a.json': api('orders'), 'b.json': api('other') });
    expect((await reload({ 'a.json': '{' })).held).toEqual(['Api orders']);
  });
});

describe('10,000 contracts of an API with a fault', () => {
  it('are held back, one as the other', () => {
    const version = (status: string): Documents => {
      const contracts = Array.from({ length: 10_000 }, (_, at) =>
        resource('Contract', `c${at}`, { api: 'orders', clientApplication: 'web', status }),
      );
      const own = resource('Api', 'orders', { basePath: `/${status}` });
      return new Map([own, ...contracts].map((loaded) => [keyOf(loaded), loaded]));
    };
    const [good, wanted] = [version('approved'), version('revoked')];
    const { held, isNew } = holdBack({ good, wanted, faulty: ['Api orders'], isUnreadable: false });
    expect({ held: held.size, isNew }).toEqual({ held: 10_001, isNew: false });
  });
});

describe('a client application that becomes another', () => {
  it('waits with its contracts', async () => {
    const reload = await follow({
      'a.json': [api('orders'), api('admin'), client('web', { clientId: 'a' }), contract('one', 'orders')],
    });
    await reload({
      'a.json': [
        api('orders'),
        api('admin'),
        client('web', { clientId: 'b', clientSecret: { value: '$MISSING' } }),
        contract('one', 'orders', { status: 'revoked' }),
        contract('two', 'admin'),
      ],
    });
    const contracts = [...(open[0] as ConfigSource).current().contracts()].map(
      (each) => `${each.name} ${each.client.clientId} ${each.status}`,
    );
    expect(contracts).toEqual(['one a approved']);
  });

  it('waits with its contracts of another namespace', async () => {
    const inTeam = (made: ReturnType<typeof document>, namespace: string) => ({
      ...made,
      metadata: { ...made.metadata, namespace },
    });
    const orders = (spec: object) => inTeam(api('orders', spec), 'shop');
    const crossing = (spec: object) =>
      inTeam(contract('one', 'orders', { clientApplication: 'bank/web', ...spec }), 'shop');
    const reload = await follow({
      'a.json': [orders({}), inTeam(client('web', { clientId: 'a' }), 'bank'), crossing({})],
    });
    const inForce = () =>
      [...(open[0] as ConfigSource).current().contracts()].map(
        (each) => `${each.name} ${each.client.name} ${each.client.clientId} ${each.status}`,
      );
    // The client waits for the API that it has the contract with.
    await reload({
      'a.json': [orders({ policies: [FAULT] }), inTeam(client('web', { clientId: 'b' }), 'bank'), crossing({})],
    });
    expect(inForce()).toEqual(['shop/one bank/web a approved']);
    // The client stays as long as a contract that stays needs it.
    const gone = await reload({ 'a.json': [orders({ policies: [FAULT] }), crossing({ status: 'revoked' })] });
    expect(inForce()).toEqual(['shop/one bank/web a approved']);
    expect(gone.held).toEqual(['Api shop/orders', 'ClientApplication bank/web', 'Contract shop/one']);
  });

  it('does not become it while one of its contracts is held back', async () => {
    const reload = await follow({
      'a.json': [api('orders'), api('admin'), client('web', { clientId: 'a' }), contract('one', 'admin')],
    });
    await reload({
      'a.json': [
        api('orders', { basePath: '/o' }),
        api('admin', { policies: [FAULT] }),
        client('web', { clientId: 'b' }),
        contract('two', 'orders'),
      ],
    });
    const contracts = [...(open[0] as ConfigSource).current().contracts()].map(
      (each) => `${each.name} ${each.client.clientId} ${each.status}`,
    );
    expect(contracts).toEqual(['one a approved']);
  });
});
