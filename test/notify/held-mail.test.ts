import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mailSender } from '../../src/notify/mail.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, app, contract, document, teams } from './documents.ts';
import { startSmtpReceiver } from './smtp-receiver.ts';
import type { SmtpReceiver } from './smtp-receiver.ts';
import { AT, openWorld } from './world.ts';
import type { World } from './world.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };
const HOUR = 3_600_000;
const MOST = 3;

const place = { dataDir: '', databaseUrl: undefined };
let hand: { nowMs: number; isStopped: boolean };
let world: World;
let receiver: SmtpReceiver;

/** Timers run as the clock would, so fast that an hour is a second. */
async function open(): Promise<World> {
  const server = { host: '127.0.0.1', port: receiver.port, tls: 'none', from: 'ostiary@example.com' } as const;
  const own = { user: undefined, password: undefined, authorities: undefined, to: ['example.com'] };
  return openWorld(place, hand, { mail: mailSender({ ...server, ...own }), mailsPerHour: MOST }, 3600);
}

beforeEach(async () => {
  receiver = await startSmtpReceiver();
  place.dataDir = join(scratchFolder('held-mail'), 'data');
  hand = { nowMs: AT, isStopped: true };
  world = await open();
  const spec = { events: ['contract.*'], mail: { addresses: ['orders@example.com'] } };
  await world.write([...teams, api, app, document('Subscription', 'mails', spec, { namespace: 'orders' })]);
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

const subjects = () => receiver.mails.map(({ text }) => /^Subject: (.*(?:\r\n[ \t].*)*)/m.exec(text)?.[1] ?? '');
const listed = async (state: 'waiting' | 'delivered') =>
  (await world.deliveries.list({ states: [state], receivers: undefined, limit: 100 })).map(({ detail }) => detail);

/** A burst: so many events of one contract. */
async function burst(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1)
    await world.write([contract({ status: at % 2 === 0 ? 'approved' : 'revoked' })]);
}

test('what is beyond so many mails in an hour comes as one mail, and the deliveries tell of it', async () => {
  await burst(20);
  await expect.poll(async () => (await listed('waiting')).length, PATIENCE).toBe(20 - MOST);
  await expect
    .poll(() => listed('waiting'), PATIENCE)
    .toEqual(
      Array.from(
        { length: 20 - MOST },
        () => `held back: ${MOST} mails were sent within an hour; what waits is sent as one mail`,
      ),
    );
  expect(receiver.mails).toHaveLength(MOST);
  // Whoever goes on counts what was sent before.
  await world.close();
  world = await open();
  await burst(1);
  await expect.poll(async () => (await listed('waiting')).length, PATIENCE).toBe(21 - MOST);
  expect(receiver.mails).toHaveLength(MOST);
  hand.nowMs += HOUR;
  await expect.poll(subjects, PATIENCE).toHaveLength(MOST + 1);
  const [summary] = receiver.mails.slice(-1);
  expect(summary?.text).toContain(`Subject: [${21 - MOST} events] held back, after ${MOST} mails within an hour`);
  expect(summary?.text.match(/\[contract\./g)).toHaveLength(21 - MOST);
  await expect.poll(() => listed('waiting'), PATIENCE).toEqual([]);
  const told = await listed('delivered');
  expect(told.filter((detail) => /^within the mail of delivery_[0-9a-f]{24}$/.test(detail))).toHaveLength(20 - MOST);
  expect(told).toContain(`the mail server took it, with ${20 - MOST} others that were held back`);
  // It was one mail: two more, and the next one waits. The first of these changes nothing.
  await burst(4);
  await expect.poll(async () => (await listed('waiting')).length, PATIENCE).toBe(1);
  await expect.poll(subjects, PATIENCE).toHaveLength(MOST + 1 + 2);
});
