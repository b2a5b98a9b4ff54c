import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { alertEvents } from '../../src/control/alert-events.ts';
import { CurrentIndex } from '../../src/control/current-index.ts';
import { surroundingsOf } from '../../src/control/event-surroundings.ts';
import { loginLimits } from '../../src/control/login-events.ts';
import type { TeamEvent } from '../../src/notify/event.ts';
import type { AccessToken } from '../../src/people/access-tokens.ts';
import type { SidecarRecord } from '../../src/sync/sidecar-store.ts';
import { rule } from '../alerts/story.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, app, contract, document, team } from './documents.ts';
import { AT, openWorld } from './world.ts';
import type { Document } from './world.ts';

const DAY_MS = 86_400_000;
const PATIENCE = { timeout: 20_000, interval: 20 };
const ALICE = { actor: 'user:alice@example.com', reason: '' };
const BOB = { actor: 'user:bob@example.com', reason: 'for the new shop' };

/** Everything that a control plane tells of, in a story: each event as it is sent, without its id. */
export async function everyEvent(): Promise<readonly TeamEvent[]> {
  const hand = { nowMs: AT, isStopped: true };
  const sidecars: SidecarRecord[] = [];
  const tokens: AccessToken[] = [];
  const place = { dataDir: join(scratchFolder('notify'), 'data'), databaseUrl: undefined };
  const world = await openWorld(
    place,
    hand,
    { sidecars: { list: () => Promise.resolve(sidecars) }, tokens: () => Promise.resolve(tokens) },
    400,
  );
  const all = async (): Promise<readonly TeamEvent[]> =>
    (await world.events.list({ teams: undefined, before: undefined, limit: 1000 }))
      .map(({ event }) => event)
      .toReversed();
  const until = (name: string, count = 1) =>
    expect.poll(async () => (await all()).filter(({ event }) => event === name).length, PATIENCE).toBe(count);

  await world.write([team('orders-team', ['orders']), team('shop-team', ['shop'])], ALICE);
  const lifecycle = (of: string): Document => ({
    ...api,
    metadata: Object.assign({ lifecycle: of, version: 'v2' }, api.metadata),
  });
  await world.write([lifecycle('draft')], ALICE);
  await world.write([lifecycle('published')], ALICE);
  const secrets = (...clientSecrets: readonly object[]): Document => ({
    ...app,
    spec: { clientId: 'web', clientSecrets },
  });
  const secret = (salt: string, expires?: string) => ({ salt, sha256: 'ab'.repeat(32), ...(expires && { expires }) });
  await world.write([app], BOB);
  await world.write([secrets(secret('one'))], BOB);
  await world.write([secrets(secret('two'), secret('one', '2027-01-15T00:00:00Z'))], BOB);
  const states: readonly object[] = [
    { status: 'pending' },
    { status: 'rejected' },
    { status: 'pending', record: { requested: { approvals: [] } } },
    { status: 'pending', record: { requested: { approvals: [{}] } } },
    { status: 'approved' },
    { status: 'approved', record: { change: { tier: 'silver' } } },
    { status: 'approved' },
    { status: 'approved', record: { change: { tier: 'silver' } } },
    { status: 'approved', tier: 'silver' },
    { status: 'revoked', tier: 'silver' },
    { status: 'approved', tier: 'silver', expiresAt: '2027-01-20T00:00:00Z' },
  ];
  for (const state of states) await world.write([contract(state)], BOB);
  await until('contract.restored');
  hand.nowMs = Date.UTC(2027, 0, 14);
  await until('secret.ending');
  await until('contract.expiring');
  hand.nowMs = Date.UTC(2027, 0, 20);
  await until('secret.expired');
  await until('contract.expired');
  await world.write([lifecycle('deprecated')], ALICE);
  await world.write([lifecycle('retired')], ALICE);
  await until('api.retired');
  await world.write([secrets(secret('three'))], BOB);
  await world.write([secrets()], BOB);
  // What is told of others is told as they are then.
  await until('secret.ended');
  await world.remove(contract());
  await until('contract.deleted');
  await world.remove(app);
  await world.remove(document('Api', 'orders', {}, { namespace: 'orders' }));

  const surroundings = (keys: Parameters<typeof surroundingsOf>[0]) =>
    surroundingsOf(keys, world.opened.registry, new CurrentIndex(world.opened.registry));
  const failed = (error: unknown): never => {
    throw error;
  };
  const record = (events: readonly TeamEvent[]) => world.record(events);
  const occurred = alertEvents({ surroundings, record, failed });
  const about = {
    rule: rule({ name: 'orders/errors' }),
    labels: { api: 'orders/orders' },
    value: 0.25,
    sinceMs: hand.nowMs,
  };
  await occurred([{ ...about, transition: 'firing' }], hand.nowMs);
  await occurred([{ ...about, transition: 'resolved', value: undefined } as never], hand.nowMs);

  const person = { find: () => Promise.resolve({} as never) };
  const clock = { now: () => hand.nowMs, monotonic: () => 0 };
  loginLimits({ people: person, record, clock, failed })('bob', '192.0.2.1');
  await until('login.limited');

  const sidecar: SidecarRecord = {
    node: 'eu-1',
    version: '0.2.0',
    labels: {},
    scope: { namespaces: [], apis: [], labels: {} },
    joinedAt: 0,
    enforcedRevision: 1,
    enforcedAt: 0,
    otherHistory: '',
    maxStaleMs: 3_600_000,
    hasLeft: false,
    isConnected: true,
    lastContactAt: hand.nowMs,
    faults: [{ resource: 'PolicyBinding orders/limits', field: 'spec.config', message: 'is not what it should be' }],
  };
  sidecars.push(sidecar);
  await until('document.withheld');
  sidecars.splice(0, 1, { ...sidecar, enforcedRevision: 1000, faults: [] });
  await until('document.enforced');
  sidecars.splice(0, 1, { ...sidecar, faults: [], isConnected: false, lastContactAt: hand.nowMs - DAY_MS });
  await until('sidecar.stale');

  const limits = { verbs: [], kinds: [], teams: [] };
  const ends = hand.nowMs + 7 * DAY_MS;
  tokens.push({
    id: 't1',
    name: 'ci-orders',
    person: '',
    team: 'orders-team',
    limits,
    createdAt: 0,
    createdBy: '',
    expiresAt: ends,
    usedAt: 0,
    usedAddress: '',
    revokedAt: 0,
  });
  await until('token.expiring');
  hand.nowMs = ends;
  await until('token.expired');
  await sleep(50);
  const told = await all();
  await world.close();
  return told.map((event) => Object.assign(event, { id: `event_${'0'.repeat(32)}` }));
}
