import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Credited, ForeignId } from '../../src/analytics/crediting.ts';
import { Crediting } from '../../src/analytics/crediting.ts';
import { ForeignEntries } from '../../src/analytics/foreign-entries.ts';
import type { Credit } from '../../src/analytics/ledger.ts';
import { EntryReader } from '../../src/analytics/read-message.ts';
import type { Sharing } from '../../src/analytics/sharing.ts';
import type { Accounts } from '../../src/analytics/accounts.ts';
import { decide, openAccounts } from './decided.ts';
import { entry, httpMessage } from './log-message.ts';

const ALLOWED = { api: 'orders', client_id: 'gold-id', tier: 'gold', outcome: 'allow' };

/** One process to which entries come that another one decided. */
function open(other: Accounts, chosen: Partial<Sharing> = {}) {
  const own = openAccounts();
  const sharing: Sharing = {
    keyOf: async (epoch) => (epoch === other.epoch.number ? other.epoch.key : undefined),
    claim: async (_, sequences) => other.claim(sequences),
    isBroken: () => false,
    ...chosen,
  };
  const crediting = new Crediting({ accounts: own, sharing, monotonic: () => 77 });
  const counts: Partial<Record<Credited, number>> = {};
  const delays: (() => void)[] = [];
  const foreign = new ForeignEntries({
    crediting,
    timers: {
      after(_, callback) {
        delays.push(callback);
        return () => {};
      },
    },
    count: (_, credited) => void (counts[credited] = (counts[credited] ?? 0) + 1),
  });
  const take = (message: Buffer): Promise<void> => {
    const reader = new EntryReader(message);
    const ids: ForeignId[] = [];
    for (let place = 0; ; place++) {
      const next = reader.next();
      if (next === 'end') break;
      if (next === 'malformed') continue;
      const credited = crediting.credit(next);
      if (credited === 'elsewhere') ids.push(crediting.foreignId(place, next));
      else counts[credited] = (counts[credited] ?? 0) + 1;
    }
    return foreign.take(message, ids, '');
  };
  return { own, foreign, counts, delays, take };
}

const idOf = (accounts: Accounts): Uint8Array => entry({ metadata: { ...ALLOWED, id: decide(accounts, ALLOWED) } });

test('entries of another process count where it says that they are the first, whatever else the message has', async () => {
  const other = openAccounts();
  const { own, foreign, counts, take } = open(other);
  const twice = idOf(other);
  const told = idOf(other);
  other.claim([1]);
  const forged = entry({
    metadata: { ...ALLOWED, id: decide(other, ALLOWED).slice(0, 14) + decide(own, ALLOWED).slice(14) },
  });
  const message = httpMessage(idOf(own), twice, told, twice, forged, entry({}), idOf(other));
  await take(message);
  message.fill(0);
  await foreign.settled();
  expect(counts).toEqual({ counted: 3, repeated: 2, forged: 1, undecided: 1 });
  expect(other.ledger.open).toBe(1);
});

test('a thousand entries of a message are counted in turns', async () => {
  const other = openAccounts();
  const { foreign, counts, take } = open(other);
  await take(httpMessage(...Array.from({ length: 1000 }, () => idOf(other))));
  await foreign.settled();
  expect(counts).toEqual({ counted: 1000 });
  expect(other.ledger.open).toBe(0);
});

test('an entry whose process does not answer counts, once here', async () => {
  const other = openAccounts();
  const { foreign, counts, take } = open(other, { claim: async () => 'away' });
  const one = httpMessage(idOf(other));
  await take(one);
  await take(one);
  await foreign.settled();
  expect(counts).toEqual({ counted: 1, repeated: 1 });
});

test('an answer for fewer than were asked counts no more', async () => {
  const other = openAccounts();
  const credits: Credit[] = ['counted'];
  const { foreign, counts, take } = open(other, { claim: async () => credits });
  await take(httpMessage(idOf(other), idOf(other)));
  await foreign.settled();
  expect(counts).toEqual({ counted: 1, expired: 1 });
});

test('while keys can not be asked for, an entry waits, and is told as not attributable at last', async () => {
  const other = openAccounts();
  let isAway = true;
  const ports = { keyOf: async () => (isAway ? 'away' : other.epoch.key) } as const;
  const { own, foreign, counts, delays, take } = open(other, ports);
  await take(httpMessage(idOf(other)));
  for (let i = 0; i < 3; i++) {
    await expect.poll(() => delays.length).toBe(1);
    delays.shift()?.();
    await turn();
  }
  expect(counts).toEqual({});
  isAway = false;
  await expect.poll(() => delays.length).toBe(1);
  delays.shift()?.();
  await foreign.settled();
  expect(counts).toEqual({ counted: 1 });

  isAway = true;
  const lost = open(other, ports);
  await lost.take(httpMessage(idOf(other)));
  let waits = 0;
  while (Object.keys(lost.counts).length === 0) {
    if (lost.delays.length > 0) waits += 1;
    lost.delays.shift()?.();
    await turn();
  }
  expect(waits).toBe(14);
  expect(lost.counts).toEqual({ unattributable: 1 });
  expect(own.ledger.destination('10.1.2.4:8080').foreignAt).toBe(Number.NEGATIVE_INFINITY);
});

test('a stream that sends more than may wait, waits itself, and keeps no more', async () => {
  const other = openAccounts();
  const { foreign, counts, delays, take } = open(other, { keyOf: async () => 'away' });
  const large = Buffer.concat([
    httpMessage(idOf(other)),
    Buffer.from([0x7a, 0x80, 0x80, 0xc0, 0x03]),
    Buffer.alloc(7 * 1024 * 1024),
  ]);
  await take(large);
  await take(large);
  expect(counts).toEqual({});
  await take(large);
  expect(counts).toEqual({ unattributable: 1 });
  await expect.poll(() => delays.length).toBe(2);
  void foreign;
});
