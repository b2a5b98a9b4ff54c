import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { api, app, contract, subscription, team, webhook } from './documents.ts';
import { startHttpReceiver } from './http-receiver.ts';
import type { HttpReceiver } from './http-receiver.ts';
import { AT, openWorld } from './world.ts';
import type { Hand, World } from './world.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };
const DAY_MS = 86_400_000;
const ALL = { states: ['waiting', 'delivered', 'dead'], receivers: undefined, limit: 100 } as const;

describe('a delivery', () => {
  let world: World;
  let hand: Hand;
  let first: HttpReceiver;
  let second: HttpReceiver;
  beforeEach(async () => {
    [first, second] = await Promise.all([startHttpReceiver(), startHttpReceiver()]);
    hand = { nowMs: AT };
    world = await openWorld({ dataDir: join(scratchFolder('notify'), 'data'), databaseUrl: undefined }, hand);
    await world.write([
      team('orders-team', ['orders']),
      team('shop-team', ['shop']),
      api,
      app,
      webhook(first.url, 'orders'),
      webhook(second.url, 'shop'),
      subscription('orders', ['contract.*']),
      subscription('shop', ['contract.*']),
    ]);
  });
  afterEach(async () => {
    await world.close();
    await Promise.all([first.close(), second.close()]);
  });

  const states = async () =>
    (await world.deliveries.list(ALL)).map(({ receiver, state }) => `${receiver} ${state}`).toSorted();

  test('that fails is sent again with the same id, until it is taken', async () => {
    first.status = 500;
    await world.write([contract()]);
    await expect.poll(() => first.received.length, PATIENCE).toBeGreaterThan(2);
    first.status = 0;
    const { length } = first.received;
    await expect.poll(() => first.received.length, PATIENCE).toBeGreaterThan(length);
    first.status = 204;
    await expect.poll(states, PATIENCE).toEqual(['webhook:orders/hook delivered', 'webhook:shop/hook delivered']);
    expect(new Set(first.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(second.received.length).toBe(1);
  });

  test('to a receiver that hangs holds nobody else up', async () => {
    first.status = 'hang';
    await world.write([contract()]);
    await expect.poll(() => first.received.length, PATIENCE).toBe(1);
    for (const status of ['approved', 'revoked', 'approved']) await world.write([contract({ status })]);
    await expect.poll(() => second.received.length, PATIENCE).toBe(4);
    expect(first.received.length).toBe(1);
  });

  test('that is redirected goes nowhere else, and says so', async () => {
    first.status = 307;
    await world.write([contract()]);
    await expect.poll(() => first.received.length, PATIENCE).toBeGreaterThan(0);
    await expect
      .poll(
        async () => (await world.deliveries.list({ ...ALL, states: ['waiting'] })).map(({ detail }) => detail),
        PATIENCE,
      )
      .toEqual(['status 307: redirects are not followed, write the final URL']);
  });

  test('that was not taken for a day is dead, is shown, and can be sent again by hand with the same id', async () => {
    first.status = 503;
    await world.write([contract()]);
    await expect.poll(() => first.received.length, PATIENCE).toBeGreaterThan(0);
    hand.nowMs += DAY_MS;
    await expect.poll(states, PATIENCE).toEqual(['webhook:orders/hook dead', 'webhook:shop/hook delivered']);
    const [dead] = await world.deliveries.list({ ...ALL, states: ['dead'] });
    expect(dead).toMatchObject({ detail: 'status 503', event: { event: 'contract.requested' } });
    const { length } = first.received;
    first.status = 200;
    expect(await world.deliveries.again(dead?.id ?? '', hand.nowMs)).toBe(true);
    world.hint();
    await expect.poll(states, PATIENCE).toEqual(['webhook:orders/hook delivered', 'webhook:shop/hook delivered']);
    expect(first.received.length).toBe(length + 1);
    expect(new Set(first.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const metrics = await world.metrics.metrics();
    expect(metrics).toContain('ostiary_notify_deliveries_total{kind="webhook",result="dead"} 1');
    expect(metrics).toContain('\nostiary_notify_elected 1\n');
  });

  test('to a receiver that is gone for good is dead at once', async () => {
    first.status = 410;
    await world.write([contract()]);
    await expect.poll(states, PATIENCE).toEqual(['webhook:orders/hook dead', 'webhook:shop/hook delivered']);
    expect(first.received.length).toBe(1);
  });

  test('goes on after the clock was set back', async () => {
    first.status = 500;
    await world.write([contract()]);
    await expect.poll(() => first.received.length, PATIENCE).toBeGreaterThan(0);
    hand.nowMs -= 365 * DAY_MS;
    first.status = 200;
    await expect.poll(states, PATIENCE).toEqual(['webhook:orders/hook delivered', 'webhook:shop/hook delivered']);
  });

  test('to a webhook on an address that documents may not reach is not sent, and says so', async () => {
    await world.write([webhook(first.url.replace('127.0.0.1', '127.0.0.2'), 'orders')]);
    await world.write([contract()]);
    await expect
      .poll(
        async () => (await world.deliveries.list({ ...ALL, states: ['waiting'] })).map(({ detail }) => detail),
        PATIENCE,
      )
      .toEqual([expect.stringContaining('loopback') as string]);
    expect(first.received).toEqual([]);
  });

  test('of one of thousands that wait comes after those that fail', async () => {
    first.status = 500;
    await world.write(
      Array.from({ length: 300 }, (_, at) => ({ ...contract(), metadata: { name: `c-${at}`, namespace: 'orders' } })),
    );
    await expect.poll(() => second.received.length, PATIENCE).toBe(300);
    expect(first.received.length).toBeLessThan(300);
    first.status = 200;
    await expect.poll(async () => (await world.deliveries.waiting()).size, { timeout: 20_000, interval: 50 }).toBe(0);
    expect(new Set(first.received.map(({ headers }) => headers['webhook-id'])).size).toBe(300);
  }, 40_000);
});
