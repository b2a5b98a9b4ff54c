import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigSource, InForceOptions } from '../../src/source/documents-in-force.ts';
import { followFolder } from '../../src/source/folder-source.ts';
import { document, options, writeFolder } from '../document/documents.ts';
import type { Files } from '../document/documents.ts';

const GATE = { policyRef: { name: 'gate' } };
const api = (name: string, spec: object = {}, metadata: object = {}) => {
  const made = document('Api', name, { basePath: `/${name}`, policies: [GATE], ...spec });
  return { ...made, metadata: { ...made.metadata, ...metadata } };
};
const client = (name: string) => document('ClientApplication', name, { clientId: name });
const contract = (name: string, of: string, spec: object = {}) =>
  document('Contract', name, { api: of, clientApplication: 'web', status: 'approved', ...spec });
const binding = (name: string, labels: object, spec: object = {}) =>
  document('PolicyBinding', name, {
    targetRef: { kind: 'Selector', selector: { labels } },
    ...GATE,
    config: { header: `x-${name}` },
    ...spec,
  });

const open: ConfigSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
});

async function follow(files: Files, changed: Partial<InForceOptions> = {}) {
  const folder = writeFolder(files);
  const source = await followFolder({ ...options, paths: [folder], ...changed });
  open.push(source);
  /** @returns what is in force after the next reload */
  return async (change: Files | (() => void)) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = source.onChange(() => resolve());
    if (typeof change === 'function') change();
    else writeFolder(change, folder);
    await promise;
    stop();
    const { faults, held, successful } = source.status();
    const apis = source.current().apis.map(({ name, basePath, access }) => `${name} ${basePath} ${access.length}`);
    const contracts = [...source.current().contracts()].map(({ name, status }) => `${name} ${status}`);
    return {
      apis,
      contracts,
      faults: faults.map(({ field }) => field),
      held: held.toSorted(compare),
      successful,
      folder,
    };
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

describe('documents of a folder with a fault', () => {
  it('stay as they were, and those of others move on', async () => {
    const reload = await follow({ 'orders.json': api('orders'), 'billing.json': api('billing') });
    const broken = await reload({ 'orders.json': '{', 'billing.json': api('billing', { basePath: '/bills' }) });
    expect(broken).toMatchObject({ apis: ['billing /bills 1', 'orders /orders 1'], successful: false });
    expect(broken.held).toEqual(['Api orders']);

    const again = await reload({ 'billing.json': api('billing', { basePath: '/invoices' }) });
    expect(again.apis).toEqual(['billing /invoices 1', 'orders /orders 1']);

    const mended = await reload({ 'orders.json': api('orders', { basePath: '/o' }) });
    expect(mended).toMatchObject({
      apis: ['billing /invoices 1', 'orders /o 1'],
      faults: [],
      held: [],
      successful: true,
    });
  });

  it('leave everything as it was where that is asked for', async () => {
    const files = { 'orders.json': api('orders'), 'billing.json': api('billing') };
    const reload = await follow(files, { reload: 'all-or-nothing' });
    const broken = await reload({ 'orders.json': '{', 'billing.json': api('billing', { basePath: '/bills' }) });
    expect(broken.apis).toEqual(['billing /billing 1', 'orders /orders 1']);
  });

  it('stay as they were with all that belongs to their API', async () => {
    const reload = await follow({
      'a.json': [api('orders'), api('billing'), client('web'), contract('one', 'orders'), contract('two', 'billing')],
    });
    const { apis, contracts, held, faults } = await reload({
      'a.json': [
        api('orders', { basePath: '/o', policies: [{ ...GATE, config: { refuse: true, text: 'x' } }] }),
        api('billing', { basePath: '/b' }),
        client('web'),
        contract('one', 'orders', { status: 'revoked' }),
        contract('two', 'billing', { status: 'revoked' }),
      ],
    });
    expect(faults).toEqual(['spec.policies[0].config']);
    expect(apis).toEqual(['billing /b 1', 'orders /orders 1']);
    expect(contracts.toSorted(compare)).toEqual(['one approved', 'two revoked']);
    expect(held).toEqual(['Api orders', 'Contract one']);
  });

  it('keep an API with its labels, if the policy that would select the new ones has a fault', async () => {
    const labelled = (team: string) => api('orders', { policies: [] }, { labels: { team } });
    const reload = await follow({ 'a.json': [labelled('one'), api('billing'), binding('guard', { team: 'one' })] });
    const { apis } = await reload({
      'a.json': [
        labelled('two'),
        api('billing', { basePath: '/b' }),
        binding('guard', { team: 'two' }, { config: { refuse: true, text: 'x' } }),
      ],
    });
    expect(apis).toEqual(['billing /b 1', 'orders /orders 1']);
  });

  it('keep an API with a policy, if that may have moved into a file that nobody can read', async () => {
    const reload = await follow({ 'a.json': api('orders'), 'b.json': api('billing'), 'c.json': client('web') });
    const { apis, held } = await reload({
      'a.json': api('orders', { policies: [] }),
      'b.json': api('billing', { basePath: '/b' }),
      'd.yaml': 'kind: [',
      'e.json': api('new', { policies: [] }),
      'f.json': api('guarded'),
    });
    expect(apis).toEqual(['billing /b 1', 'orders /orders 1']);
    expect(held).toEqual(['Api guarded', 'Api new', 'Api orders']);
  });

  it('keep a client that a contract needs, although it was removed', async () => {
    const reload = await follow({ 'a.json': [api('orders'), contract('one', 'orders')], 'b.json': client('web') });
    const { contracts, held } = await reload({ 'b.json': client('other') });
    expect(contracts).toEqual(['one approved']);
    expect(held).toEqual(['ClientApplication web', 'Contract one']);
  });

  it('leave everything as it was if a folder is not there', async () => {
    const reload = await follow({ 'a.json': api('orders') });
    const { apis, successful } = await reload(() =>
      unlinkSync(join((open[0] as ConfigSource).current().sources[0] ?? '')),
    );
    expect({ apis, successful }).toEqual({ apis: ['orders /orders 1'], successful: false });
  });

  it('leave everything as it was if two new versions exclude each other', async () => {
    const reload = await follow({ 'a.json': [api('one'), api('two')], 'b.json': client('web') });
    const { apis, successful } = await reload({ 'a.json': [api('one', { basePath: '/two' }), api('two')] });
    expect({ apis, successful }).toEqual({ apis: ['one /one 1', 'two /two 1'], successful: false });
  });
});
