import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KnownPerson } from '../../src/control/event-audience.ts';
import { mailSender } from '../../src/notify/mail.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, app, contract, document, team } from './documents.ts';
import { startSmtpReceiver } from './smtp-receiver.ts';
import type { SmtpReceiver } from './smtp-receiver.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };

let world: World;
let receiver: SmtpReceiver;
const people = new Map<string, KnownPerson>();
beforeEach(async () => {
  receiver = await startSmtpReceiver();
  const server = { host: '127.0.0.1', port: receiver.port, tls: 'none', from: 'ostiary@example.com' } as const;
  const mail = mailSender({
    ...server,
    user: undefined,
    password: undefined,
    authorities: undefined,
    to: ['example.com'],
  });
  const person = (name: string) => Promise.resolve(people.get(name));
  world = await openWorld({ dataDir: join(scratchFolder('notify'), 'data'), databaseUrl: undefined }, undefined, {
    mail,
    person,
  });
  people.clear();
  await world.write([
    team(
      'orders-team',
      ['orders'],
      [
        { user: 'olga@example.com', role: 'owner' },
        { user: 'local:otto', role: 'owner' },
        { user: 'vera@example.com', role: 'viewer' },
        { group: 'order-people', role: 'owner' },
      ],
    ),
    team('shop-team', ['shop'], [{ user: 'dora@example.com', role: 'developer' }]),
    team('other-team', ['other'], [{ user: 'eve@example.com', role: 'admin' }]),
    api,
    app,
  ]);
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

const mailed = () =>
  receiver.mails.map(({ to, text }) => `${to.join()} ${/^Event: ([a-z.-]+)\r$/m.exec(text)?.[1]}`).toSorted();

test('members of a team with a role get mail where the team says so', async () => {
  const mail = { members: ['owner'], addresses: ['list@example.com'] };
  const spec = { events: ['contract.requested'], mail };
  await world.write([document('Subscription', 'mails', spec, { namespace: 'orders' })]);
  await world.write([contract()]);
  await expect
    .poll(mailed, PATIENCE)
    .toEqual(['list@example.com contract.requested', 'olga@example.com contract.requested']);
});

test('people hear of what their teams own, as they are members at that time, and of nothing else', async () => {
  const choose = async (name: string, groups: readonly string[] = []): Promise<void> => {
    people.set(`user:${name}`, { groups, isDisabled: false });
    await world.subscriptions.add({
      id: name,
      person: `user:${name}`,
      events: ['contract.*'],
      address: name,
      createdAt: 1,
    });
  };
  await choose('vera@example.com');
  await choose('dora@example.com');
  await choose('eve@example.com');
  await choose('gus@example.com', ['order-people']);
  await choose('nobody@example.com');
  await world.write([contract()]);
  const first = ['dora', 'gus', 'vera'].map((name) => `${name}@example.com contract.requested`);
  await expect.poll(mailed, PATIENCE).toEqual(first);
  // One left the group, one was shut out, one's team has changed.
  people.set('user:gus@example.com', { groups: [], isDisabled: false });
  people.set('user:dora@example.com', { groups: [], isDisabled: true });
  await world.write([team('orders-team', ['orders'], [{ user: 'nobody@example.com', role: 'viewer' }])]);
  await world.write([contract({ status: 'approved' })]);
  await expect.poll(mailed, PATIENCE).toEqual([...first, 'nobody@example.com contract.approved'].toSorted());
});
