import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isHeadSigned } from '../../src/audit/head.ts';
import type { SignedHead } from '../../src/audit/head.ts';
import { AuditStore } from '../../src/audit/store.ts';
import { Teller } from '../../src/audit/teller.ts';
import type { ToldLine } from '../../src/audit/teller.ts';
import { ManualTime } from '../jwt/manual-time.ts';
import { scratchFolder } from '../real/scratch.ts';
import { Fixture } from '../registry/fixture.ts';
import { ME, put } from '../registry/opened.ts';
import { eventOf } from './behaviour.ts';

const KEY = generateKeyPairSync('ed25519');
const HOUR_MS = 3_600_000;
const fixture = new Fixture(async () => ({ dataDir: scratchFolder('teller'), databaseUrl: undefined }));
let time: ManualTime;
let store: AuditStore;
let sent: ToldLine[];
let heads: SignedHead[];
let faults: string[];
let outlet: { isConnected: boolean; fails: boolean };
let isElected: boolean;
let fails: boolean;
let teller: Teller;

function open(): Teller {
  return new Teller({
    store,
    key: KEY,
    outlet: {
      get isConnected() {
        return outlet.isConnected;
      },
      async send(lines) {
        if (outlet.fails) throw new Error('away');
        outlet.isConnected = true;
        sent.push(...lines);
      },
    },
    async sendHead(head) {
      if (fails) throw new Error('away');
      heads.push(head);
    },
    onHead() {},
    view: (content) => content,
    keepMs: 1000 * HOUR_MS,
    isElected: () => isElected,
    clock: time,
    timers: time,
    onFault: (task) => faults.push(task),
  });
}
beforeEach(async () => {
  time = new ManualTime();
  time.wallMs = fixture.nowMs;
  store = await AuditStore.open(fixture.current.database);
  [sent, heads, faults] = [[], [], []];
  outlet = { isConnected: false, fails: false };
  isElected = true;
  fails = false;
  teller = open();
});
afterEach(() => teller.close());

/** Lets so many looks end, a second each. */
async function look(times = 1): Promise<void> {
  for (let each = 0; each < times; each += 1) {
    const before = time.timers;
    time.advance(1000);
    // Its timer is set again when it has looked.
    for (let tries = 0; time.timers < before && tries < 2000; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
const told = (): string[] =>
  sent.map((line) =>
    line.type === 'change' ? String(line.revision) : line.type === 'event' ? `e${line.sequence}` : 'head',
  );

test('what is written after the first start is sent in order, and after a restart it goes on', async () => {
  await fixture.registry.write([put('before', 1)], ME);
  await look();
  expect(told()).toEqual(['head']);
  await store.append([eventOf('a')]);
  await fixture.registry.write([put('a', 1)], ME);
  await store.append([eventOf('b'), eventOf('c')]);
  await look(2);
  expect(told()).toEqual(['head', 'e1', '2', 'e2', 'e3']);
  await teller.close();
  await store.append([eventOf('d')]);
  [sent, heads] = [[], []];
  teller = open();
  await look(2);
  expect(told().filter((each) => each !== 'head')).toEqual(['e4']);
});

test('while syslog is away it waits, and what was sent before a connection broke is sent again', async () => {
  await look();
  outlet.fails = true;
  await store.append([eventOf('a')]);
  await look(3);
  expect(faults).toContain('syslog');
  outlet.fails = false;
  await look();
  expect(told()).toEqual(['head', 'e1']);
  // It may not have arrived.
  outlet.isConnected = false;
  await look(2);
  expect(told()).toEqual(['head', 'e1', 'e1']);
  await look(2);
  outlet.isConnected = false;
  await look(2);
  expect(told()).toHaveLength(3);
});

test('a signed head goes out each hour if anything was written, and is tried again until it is taken', async () => {
  fails = true;
  await store.append([eventOf('a')]);
  await look();
  expect(heads).toEqual([]);
  fails = false;
  await look(70);
  expect(heads).toMatchObject([{ sequence: 1, revision: 0 }]);
  expect(isHeadSigned(heads[0] as SignedHead, KEY.publicKey)).toBe(true);
  time.monotonicMs += HOUR_MS;
  await look(2);
  expect(heads).toHaveLength(1);
  await store.append([eventOf('b')]);
  time.monotonicMs += HOUR_MS;
  await look(2);
  expect(heads).toMatchObject([{ sequence: 1 }, { sequence: 2 }]);
});

test('of several that share a database the one that is elected tells it', async () => {
  isElected = false;
  await store.append([eventOf('a')]);
  await look(2);
  expect([sent, heads]).toEqual([[], []]);
});
