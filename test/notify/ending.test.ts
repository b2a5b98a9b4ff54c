import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { api, app, contract, team } from './documents.ts';
import { AT, openWorld } from './world.ts';
import type { Document, Hand, World } from './world.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const END = AT + 100 * DAY_MS;

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

interface Story {
  readonly hand: Hand;
  readonly world: World;
  readonly place: { readonly dataDir: string; readonly databaseUrl: undefined };
}

async function begun(...documents: readonly Document[]): Promise<Story> {
  const hand = { nowMs: AT, isStopped: true };
  const place = { dataDir: join(scratchFolder('notify'), 'data'), databaseUrl: undefined };
  const world = await openWorld(place, hand);
  worlds.push(world);
  await world.write([team('orders-team', ['orders']), team('shop-team', ['shop']), api, app, ...documents]);
  return { hand, world, place };
}

const approved = (expiresAt = END) => contract({ status: 'approved', expiresAt: new Date(expiresAt).toISOString() });

/** Events about what ends, the first first. */
async function told(world: World): Promise<readonly string[]> {
  const all = await world.events.list({ teams: undefined, before: undefined, limit: 1000 });
  return all
    .map(({ event }) => event)
    .filter(({ event }) => /expir|ending/.test(event))
    .map(({ event, data }) => (data['withinDays'] === undefined ? event : `${event} ${data['withinDays']}`))
    .toReversed();
}

const WARNINGS = ['contract.expiring 30', 'contract.expiring 7', 'contract.expiring 1', 'contract.expired'];

describe('a contract that expires', () => {
  test('is told of 30, 7 and 1 days before, and then, each once', async () => {
    const { hand, world } = await begun(approved());
    for (const [at, days] of [30, 7, 1, 0].entries()) {
      hand.nowMs = END - days * DAY_MS - 1000;
      await new Promise((resolve) => setTimeout(resolve, 250));
      expect(await told(world)).toEqual(WARNINGS.slice(0, at));
      hand.nowMs = END - days * DAY_MS;
      await expect.poll(() => told(world), PATIENCE).toEqual(WARNINGS.slice(0, at + 1));
    }
  });

  test('of whose warnings some were slept through is told of by the most urgent one', async () => {
    const { hand, world } = await begun(approved());
    hand.nowMs = END - 12 * HOUR_MS;
    await expect.poll(() => told(world), PATIENCE).toEqual(['contract.expiring 1']);
    hand.nowMs = END + 2 * DAY_MS;
    await expect.poll(() => told(world), PATIENCE).toEqual(['contract.expiring 1', 'contract.expired']);
  });

  test('is told of once, however the clock jumps and whoever goes on', async () => {
    const { hand, world, place } = await begun(approved());
    hand.nowMs = END - 6 * DAY_MS;
    await expect.poll(() => told(world), PATIENCE).toEqual(['contract.expiring 7']);
    hand.nowMs = AT;
    worlds.splice(0);
    await world.close();
    const next = await openWorld(place, hand);
    worlds.push(next);
    hand.nowMs = END - 6 * DAY_MS;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await told(next)).toEqual(['contract.expiring 7']);
    hand.nowMs = END + 1;
    await expect.poll(() => told(next), PATIENCE).toEqual(['contract.expiring 7', 'contract.expired']);
    hand.nowMs = END - 5 * HOUR_MS;
    await new Promise((resolve) => setTimeout(resolve, 500));
    hand.nowMs = END + 2;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await told(next)).toEqual(['contract.expiring 7', 'contract.expired']);
  });

  test('is warned of anew where it was prolonged, and not any more where it was revoked', async () => {
    const { hand, world } = await begun(approved());
    hand.nowMs = END - 6 * DAY_MS;
    await expect.poll(() => told(world), PATIENCE).toEqual(['contract.expiring 7']);
    await world.write([approved(END + 60 * DAY_MS)]);
    hand.nowMs = END;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await told(world)).toEqual(['contract.expiring 7']);
    hand.nowMs = END + 31 * DAY_MS;
    await expect.poll(() => told(world), PATIENCE).toEqual(['contract.expiring 7', 'contract.expiring 30']);
    await world.write([contract({ status: 'revoked', expiresAt: new Date(END + 60 * DAY_MS).toISOString() })]);
    hand.nowMs = END + 61 * DAY_MS;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await told(world)).toEqual(['contract.expiring 7', 'contract.expiring 30']);
  });

  test('and was there before anybody looked is warned of at once', async () => {
    const { world, place, hand } = await begun(approved(AT + 5 * DAY_MS));
    await expect.poll(() => world.events.untold(1), PATIENCE).toEqual([]);
    const { kysely } = world.opened.database;
    worlds.splice(0);
    // As a database is that no such control plane has had yet.
    for (const table of ['notify_place', 'notify_event', 'notify_deadline'])
      await kysely.deleteFrom(table as never).execute();
    await world.close();
    const next = await openWorld(place, hand);
    worlds.push(next);
    await expect.poll(() => told(next), PATIENCE).toEqual(['contract.expiring 7']);
    const events = await next.events.list({ teams: undefined, before: undefined, limit: 100 });
    expect(events.length).toBe(1);
  });
});

test('a secret that ends after a rotation is told of, and one that never ends is not', async () => {
  const secret = (salt: string, expires?: number) => {
    return {
      salt,
      sha256: 'ab'.repeat(32),
      ...(expires !== undefined && { expires: new Date(expires).toISOString() }),
    };
  };
  const { hand, world } = await begun();
  const withSecrets = (...clientSecrets: readonly object[]): Document => {
    return { ...app, spec: { clientId: 'web', clientSecrets } };
  };
  await world.write([withSecrets(secret('one'))]);
  await world.write([withSecrets(secret('two'), secret('one', AT + 3 * DAY_MS))]);
  hand.nowMs = AT + 2 * DAY_MS;
  await expect.poll(() => told(world), PATIENCE).toEqual(['secret.ending 1']);
  hand.nowMs = AT + 3 * DAY_MS;
  await expect.poll(() => told(world), PATIENCE).toEqual(['secret.ending 1', 'secret.expired']);
});
