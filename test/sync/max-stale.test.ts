import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { directConnection } from './direct-connection.ts';
import { startControl, TestSidecar } from './fixture.ts';
import { api, MemoryLog, put } from './memory-log.ts';
import { MemoryStore } from './memory-store.ts';

const CLOSING: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of CLOSING.splice(0).toReversed()) await each.close();
});

it('a receipt leaves out sidecars that have stopped to serve for want of a control plane, as they said last', async () => {
  const log = new MemoryLog();
  await put(log, api('orders'));
  let aheadMs = 0;
  const clock = { now: () => Date.now() + aheadMs, monotonic: () => systemClock.monotonic() };
  const store = new MemoryStore();
  const plane = await startControl(log, { clock, store });
  CLOSING.push(plane);
  let isAway = false;
  const cuts: (() => void)[] = [];
  let maxStaleMs = 0;
  const begin = async (node: string, staleMs: () => number, isCut: boolean): Promise<TestSidecar> => {
    const network = {
      opened: (cut: () => void) => void (isCut && cuts.push(cut)),
      down: (message: Uint8Array) => [message],
    };
    const connect = async () => {
      if (isCut && isAway) throw new Error('away');
      return directConnection(() => plane.followers.methods(), network);
    };
    const one = new TestSidecar(() => plane, { node, token: await plane.token(), connect, maxStaleMs: staleMs });
    CLOSING.push(one);
    await one.opened();
    return one;
  };
  const stays = await begin('stays', () => 15_000, false);
  await begin('keeps', () => 0, true);
  await begin('stops', () => maxStaleMs, true);
  const told = async () => (await store.list()).map((each) => `${each.node} ${each.maxStaleMs}`);
  expect(await plane.receipts.of(1, 10_000)).toMatchObject({ enforced: 3 });
  expect(await told()).toEqual(['keeps 0', 'stays 15000', 'stops 0']);
  maxStaleMs = 3_600_000;
  expect(await plane.receipts.of(await put(log, api('orders', { tier: 'gold' })), 10_000)).toMatchObject({
    enforced: 3,
  });
  expect(await told()).toEqual(['keeps 0', 'stays 15000', 'stops 3600000']);

  isAway = true;
  for (const cut of cuts) cut();
  const revision = await put(log, api('billing'));
  await stays.until(() => stays.revision === revision);
  await expect
    .poll(() => plane.receipts.of(revision, 0))
    .toMatchObject({ enforced: 1, unreachable: ['keeps', 'stops'] });
  aheadMs = 3_700_000;
  await put(log, api('more'));
  const unreachable = async () => (await plane.receipts.of(revision, 0)).unreachable;
  await expect.poll(unreachable).not.toContain('stops');
  expect(await unreachable()).toContain('keeps');
});
