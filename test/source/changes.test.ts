import { afterEach, describe, expect, it } from 'vitest';
import { formatFault } from '../../src/document/fault.ts';
import { followDocuments } from '../../src/source/documents-in-force.ts';
import type { ConfigSource } from '../../src/source/documents-in-force.ts';
import { made, options } from '../document/documents.ts';
import { MemorySource, resource } from './memory-source.ts';

const TIERS = [{ name: 'gold', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] }];
const gate = (config: object = {}) => ({ policies: [{ policyRef: { name: 'gate' }, config }] });
const api = (name: string, spec: object = {}) => resource('Api', name, { basePath: `/${name}`, tiers: TIERS, ...spec });
const client = (name: string, clientId = `id-${name}`) => resource('ClientApplication', name, { clientId });
const contract = (name: string, apiName: string, spec: object = {}) =>
  resource('Contract', `${name}-${apiName}`, {
    clientApplication: name,
    api: apiName,
    tier: 'gold',
    status: 'approved',
    ...spec,
  });

const open: ConfigSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((documents) => documents.close()));
});

async function follow(source: MemorySource, disposeAfterMs = 0): Promise<ConfigSource> {
  made.length = 0;
  const documents = await followDocuments(source, { ...options, disposeAfterMs });
  open.push(documents);
  return documents;
}

const statusOf = (documents: ConfigSource, name: string, apiName: string) =>
  documents.current().directory.contract(`id-${name}`, apiName)?.status;

describe('a change', () => {
  it('is in force as a whole, and what it does not concern stays as it was', async () => {
    const source = new MemorySource([api('orders', gate()), client('shop'), contract('shop', 'orders')]);
    const documents = await follow(source);
    const before = documents.current();
    const outcome = await source.upsert(contract('shop', 'orders', { status: 'revoked' }));
    expect(outcome).toEqual({ result: 'in_force', version: documents.current().version });
    expect(statusOf(documents, 'shop', 'orders')).toBe('revoked');
    // What a Check has taken does not change under it.
    expect(before.directory.contract('id-shop', 'orders')?.status).toBe('approved');
    expect(documents.current().version).not.toBe(before.version);
    expect(documents.current().apis).toBe(before.apis);
    expect(made).toHaveLength(1);
  });

  it('taken back gives the version that was', async () => {
    const source = new MemorySource([api('orders', gate()), client('shop'), contract('shop', 'orders')]);
    const documents = await follow(source);
    const { version } = documents.current();
    await source.upsert(contract('shop', 'orders', { status: 'rejected' }), client('other'), api('more'));
    await source.upsert(contract('shop', 'orders'));
    await source.remove('ClientApplication', 'other');
    expect(documents.current().version).not.toBe(version);
    await source.remove('Api', 'more');
    expect(documents.current().version).toBe(version);
  });

  it('of a client or an API reaches the contracts that name it', async () => {
    const source = new MemorySource([api('orders'), client('shop'), contract('shop', 'orders')]);
    const documents = await follow(source);
    await source.upsert(client('shop', 'id-renamed'));
    expect(statusOf(documents, 'shop', 'orders')).toBeUndefined();
    expect(statusOf(documents, 'renamed', 'orders')).toBe('approved');
    const limits = [{ maximumRequests: 7, timePeriodInMilliseconds: 1000 }];
    await source.upsert(api('orders', { tiers: [{ name: 'gold', limits }] }));
    expect(documents.current().directory.contract('id-renamed', 'orders')?.tier?.limits[0]?.maximumRequests).toBe(7);
  });

  it('with a fault leaves the last good documents in force, names its resource, and is mended by another', async () => {
    const source = new MemorySource([api('orders'), client('shop'), contract('shop', 'orders')]);
    const documents = await follow(source);
    const { version } = documents.current();
    const outcome = await source.remove('ClientApplication', 'shop');
    if (outcome.result !== 'faulty') throw new Error(outcome.result);
    expect(outcome.faults.map(formatFault)).toEqual([
      expect.stringMatching(
        /^Contract\/shop-orders@\d+: spec\.clientApplication: there is no ClientApplication/,
      ) as string,
    ]);
    expect(documents.status()).toMatchObject({ successful: false, faults: outcome.faults });
    expect(statusOf(documents, 'shop', 'orders')).toBe('approved');
    expect(documents.current().version).toBe(version);
    expect(await source.remove('Contract', 'shop-orders')).toMatchObject({ result: 'in_force' });
    expect(statusOf(documents, 'shop', 'orders')).toBeUndefined();
    expect(documents.status().successful).toBe(true);
  });

  it('closes the policies that no snapshot has any more, each once', async () => {
    const source = new MemorySource([api('orders', gate({ text: 'old' })), api('other', gate())]);
    await follow(source);
    await source.upsert(api('orders', gate({ text: 'new' })));
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    expect(made.map(({ closed }) => closed)).toEqual([1, 0, 0]);
    await source.deliverAll([api('orders', gate())]);
    await Promise.all(open.splice(0).map((documents) => documents.close()));
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1, 1]);
    expect(source.isClosed).toBe(true);
  });

  it('that is outdated before it is in force leaves the policies alone that still are', async () => {
    const source = new MemorySource([api('orders', gate({ text: 'old' }))]);
    const documents = await follow(source);
    source.holds = false;
    expect(await source.upsert(api('orders', gate({ text: 'never in force' })))).toEqual({ result: 'outdated' });
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    expect(made.map(({ closed }) => closed)).toEqual([0, 0]);
    source.holds = true;
    expect(await source.upsert(api('orders', gate({ text: 'new' })))).toMatchObject({ result: 'in_force' });
    await documents.close();
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });

  it('of two claims to one client id lets the second hold it when the first is gone', async () => {
    const source = new MemorySource([api('orders'), client('one', 'same'), client('two')]);
    const documents = await follow(source);
    expect(await source.upsert(client('two', 'same'))).toMatchObject({ result: 'faulty' });
    expect(await source.remove('ClientApplication', 'one')).toMatchObject({ result: 'in_force' });
    expect(documents.current().directory.client('same')?.name).toBe('two');
  });

  it('of one contract among 100,000 compiles that one and no other', async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => String(i));
    const contracts = names.flatMap((name) => [client(name), contract(name, 'orders')]);
    const source = new MemorySource([api('orders', gate()), ...contracts]);
    const documents = await follow(source);
    const before = documents.current();
    const kept = names.slice(0, 500).map((name) => before.directory.contract(`id-${name}`, 'orders'));
    for (const name of ['7', '77', '777']) await source.upsert(contract(name, 'orders', { status: 'revoked' }));
    await source.remove('Contract', '8-orders');
    await source.upsert(client('new'));
    await source.upsert(contract('new', 'orders'));
    expect(statusOf(documents, '777', 'orders')).toBe('revoked');
    expect(statusOf(documents, '8', 'orders')).toBeUndefined();
    expect(statusOf(documents, 'new', 'orders')).toBe('approved');
    expect(documents.current().contractCount).toBe(100_000);
    expect([...documents.current().contracts()]).toHaveLength(100_000);
    // Whatever was compiled anew would be another object.
    expect(documents.current().apis).toBe(before.apis);
    const now = names.slice(0, 500).map((name) => documents.current().directory.contract(`id-${name}`, 'orders'));
    expect(now.filter((one, i) => one !== kept[i])).toHaveLength(3);
    expect(before.directory.contract('id-777', 'orders')?.status).toBe('approved');
  }, 120_000);
});
