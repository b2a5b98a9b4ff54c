import { afterEach, describe, expect, it } from 'vitest';
import { startControl, TestSidecar } from './fixture.ts';
import type { TestControl, TestSidecarOptions } from './fixture.ts';
import { api, client, contract, doc, MemoryLog, put } from './memory-log.ts';

const CLOSING: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of CLOSING.splice(0).toReversed()) await each.close();
});

async function control(log: MemoryLog, options: Parameters<typeof startControl>[1] = {}): Promise<TestControl> {
  const started = await startControl(log, options);
  CLOSING.push(started);
  return started;
}

function sidecar(of: () => TestControl | undefined, options: TestSidecarOptions = {}): TestSidecar {
  const started = new TestSidecar(of, options);
  CLOSING.push(started);
  return started;
}

describe('a sidecar', () => {
  it('gets everything once, and then each change', async () => {
    const log = new MemoryLog();
    await put(log, api('orders'));
    const plane = await control(log);
    const one = sidecar(() => plane, { token: await plane.token() });
    await one.opened();
    expect(one.names).toEqual(['Api orders']);
    const revision = await put(log, client('web'), contract('web-orders', 'web', 'orders'));
    await one.until(() => one.revision === revision);
    expect(one.names).toEqual(['Api orders', 'ClientApplication web', 'Contract web-orders']);
    const last = await put(log, doc('Contract', 'web-orders', undefined));
    await one.until(() => one.revision === last);
    expect(one.names).toEqual(['Api orders', 'ClientApplication web']);
    expect(one.deliveries).toEqual(['complete', 'change', 'change']);
  });

  it('that ends while it starts follows nobody, and joins under no name', async () => {
    const log = new MemoryLog();
    const plane = await control(log);
    const one = sidecar(() => plane, { token: await plane.token() });
    await one.close();
    expect((await one.opened()).result).toBe('outdated');
    expect(plane.followers.size).toBe(0);
    expect(await plane.store.list()).toEqual([]);
  });

  it('is ready with nothing where nothing was written yet', async () => {
    const log = new MemoryLog();
    const plane = await control(log);
    const one = sidecar(() => plane, { token: await plane.token() });
    expect((await one.opened()).result).toBe('in_force');
    await put(log, api('orders'));
    await one.until(() => one.names.length === 1);
  });
});

describe('a receipt', () => {
  it('counts who enforces a revision, and names the others', async () => {
    const log = new MemoryLog();
    const plane = await control(log);
    const token = await plane.token();
    let isFaulty = false;
    const one = sidecar(() => plane, { token });
    const two = sidecar(() => plane, { node: 'two', token, judge: () => (isFaulty ? 'no' : undefined) });
    const three = sidecar(() => plane, { node: 'three', token });
    await Promise.all([one, two, three].map((each) => each.opened()));
    const revision = await put(log, api('orders'));
    const receipt = await plane.receipts.of(revision, 5000);
    expect(receipt).toMatchObject({ revision, enforced: 3, pending: [], unreachable: [] });
    await three.close();
    isFaulty = true;
    const next = await put(log, api('stock'));
    // Who has left is not counted.
    expect(await plane.receipts.of(next, 200)).toMatchObject({ enforced: 1, pending: ['two'], unreachable: [] });
    await two.until(() => two.said.some((line) => line.startsWith('rejected')));
    isFaulty = false;
    const last = await put(log, api('stock', { a: 'b' }));
    expect(await plane.receipts.of(last, 5000)).toMatchObject({ enforced: 2, pending: [] });
    expect(two.names).toEqual(['Api orders', 'Api stock']);
  });
});
