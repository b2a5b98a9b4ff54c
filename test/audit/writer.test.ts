import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CountedEvent } from '../../src/audit/chain.ts';
import type { AuditEvent } from '../../src/audit/event.ts';
import { TooManyEvents } from '../../src/audit/trail.ts';
import { AuditWriter } from '../../src/audit/writer.ts';
import { DatabaseFault } from '../../src/database/database-fault.ts';
import { ManualTime } from '../jwt/manual-time.ts';

const ALICE = { name: 'user:alice@example.com', credential: 'session:1', address: '192.0.2.1' };
const away = new DatabaseFault('unreachable', 'the database does not answer');

const denied = (path: string, address = ALICE.address): AuditEvent => ({
  action: 'denied',
  outcome: 'denied',
  caller: { ...ALICE, name: '', address },
  detail: { method: path },
});
const read = (name: string): AuditEvent => ({
  action: 'secret.read',
  outcome: 'done',
  caller: ALICE,
  target: { kind: 'Secret', namespace: 'shop', name },
});

let time: ManualTime;
let kept: CountedEvent[];
/** Sizes of the batches that were tried. */
let tried: number[];
let fault: Error | undefined;
let lost: number;
let writer: AuditWriter;
beforeEach(() => {
  time = new ManualTime();
  kept = [];
  tried = [];
  fault = undefined;
  lost = 0;
  writer = new AuditWriter({
    clock: time,
    timers: time,
    random: () => 0,
    async append(events) {
      tried.push(events.length);
      await Promise.resolve();
      if (fault !== undefined) throw fault;
      kept.push(...events);
      return { sequence: kept.length, hash: '' };
    },
    observer: { kept() {}, failed() {}, lost: (count) => void (lost += count) },
  });
});
afterEach(() => writer.close());

/** In steps, so that what a timer begins goes on. */
const pass = async (ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += Math.min(1000, ms)) {
    time.advance(Math.min(1000, ms));
    await settle();
  }
};
const settle = () => new Promise((resolve) => setImmediate(resolve));
const told = () => kept.map(({ action, count, detail }) => [action, count, detail?.['method']]);

test('what is recorded is kept when that resolves, all that came meanwhile at once', async () => {
  await writer.record(read('a'));
  expect(kept).toEqual([{ ...read('a'), count: 1, at: time.wallMs, untilMs: time.wallMs }]);
  await Promise.all(['b', 'c', 'd', 'e'].map((name) => writer.record(read(name))));
  expect(kept.map(({ target }) => target?.name)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(tried).toEqual([1, 1, 3]);
});

test('the same again within a minute is counted, and kept with its count when the minute is over', async () => {
  const start = time.wallMs;
  for (let times = 0; times < 1000; times += 1) {
    writer.note(denied('/x'));
    await pass(10);
  }
  writer.note(denied('/y'));
  await settle();
  expect(told()).toEqual([
    ['denied', 1, '/x'],
    ['denied', 1, '/y'],
  ]);
  await pass(60_000);
  expect(told().slice(2)).toEqual([['denied', 999, '/x']]);
  expect(kept[2]).toMatchObject({ at: start + 10, untilMs: start + 9990 });
  // After a minute without one, the next is kept at once.
  await pass(70_000);
  writer.note(denied('/x'));
  await settle();
  expect(told().slice(3)).toEqual([['denied', 1, '/x']]);
});

test('a flood of different ones is a hundred events a minute and one that counts the others', async () => {
  for (let at = 0; at < 10_000; at += 1) writer.note(denied(`/${at}`, `2001:db8::${at.toString(16)}`));
  writer.note({ ...denied('/mine'), caller: ALICE });
  await settle();
  expect(kept).toHaveLength(102);
  expect(kept[100]).toMatchObject({
    caller: { name: '', address: '' },
    detail: { others: expect.stringMatching(/counted together/) },
  });
  // A caller who has shown who they are is told apart from strangers.
  expect(kept[101]).toMatchObject({ caller: ALICE });
  await pass(70_000);
  expect(kept.slice(102)).toMatchObject([
    { count: 9899, detail: { others: expect.stringMatching(/counted together/) } },
  ]);
  // Of known callers each has room of their own, and stays known.
  for (let at = 0; at < 200; at += 1) writer.note({ ...denied(`/${at}`), caller: ALICE });
  await settle();
  expect(kept.slice(103).every(({ caller }) => caller === ALICE)).toBe(true);
  expect(kept).toHaveLength(103 + 101);
});

test('what must not happen unseen is told one by one: more reads are refused, and what was done never is', async () => {
  for (let at = 0; at < 1000; at += 1) void writer.record(read(`decoy-${at}`));
  await settle();
  await expect(writer.record(read('the-one'))).rejects.toBeInstanceOf(TooManyEvents);
  await writer.record({ ...read('the-one'), caller: { ...ALICE, name: 'user:bob' } });
  const names = kept.map(({ target }) => target?.name);
  expect(new Set(names).size).toBe(1001);
  for (let at = 0; at < 1500; at += 1) {
    await writer.record({ ...read(`user-${at}`), action: 'user.removed' });
  }
  expect(kept.filter(({ action }) => action === 'user.removed')).toHaveLength(1500);
  expect(kept.every(({ detail }) => detail === undefined)).toBe(true);
  await pass(70_000);
  await writer.record(read('the-one'));
  expect(kept.at(-1)).toMatchObject({ target: { name: 'the-one' }, caller: ALICE });
});

test('while the database is away who records is refused, and what was noted waits', async () => {
  await writer.record(read('a'));
  fault = away;
  writer.note(denied('/x'));
  await settle();
  await expect(writer.record(read('b'))).rejects.toBe(away);
  // Nor is what was kept a moment ago let through.
  await expect(writer.record(read('a'))).rejects.toBe(away);
  fault = undefined;
  await pass(20_000);
  expect(told()).toEqual([
    ['secret.read', 1, undefined],
    ['denied', 1, '/x'],
  ]);
  await writer.record(read('b'));
  expect(kept).toHaveLength(3);
});

test('of what waits for the database only so much is held, and the number of the others is kept', async () => {
  fault = away;
  const methods = Array.from({ length: 100 }, (_, at) => `/${at}`);
  for (let caller = 0; caller < 30; caller += 1) {
    for (const path of methods) writer.note({ ...denied(path), caller: { ...ALICE, name: `user:${caller}` } });
  }
  await settle();
  expect(lost).toBeGreaterThanOrEqual(999);
  fault = undefined;
  await pass(20_000);
  expect(kept.at(-1)).toMatchObject({ action: 'audit.lost', count: lost });
  expect(kept.reduce((sum, { action, count }) => sum + (action === 'denied' ? count : 0), 0) + lost).toBe(3000);
});

test('an answer that does not come is a refusal within seconds', async () => {
  const silent = new AuditWriter({
    clock: time,
    timers: time,
    random: () => 0,
    append: () => new Promise(() => {}),
  });
  const recording = silent.record(read('a'));
  const refused = expect(recording).rejects.toMatchObject({ kind: 'unreachable' });
  await pass(5000);
  await refused;
  const closing = silent.close();
  await pass(5000);
  await closing;
});

test('an event that the database refuses holds up no other', async () => {
  writer = new AuditWriter({
    clock: time,
    timers: time,
    random: () => 0,
    async append(events) {
      if (events.some(({ detail }) => detail?.['method'] === '/bad')) throw new DatabaseFault('failed', 'no');
      kept.push(...events);
      return { sequence: kept.length, hash: '' };
    },
  });
  writer.note(denied('/bad'));
  for (const path of ['/x', '/y']) writer.note(denied(path));
  await pass(60_000);
  expect(told()).toEqual([
    ['denied', 1, '/x'],
    ['denied', 1, '/y'],
    ['audit.lost', 1, undefined],
  ]);
});

test('what was counted is kept at the end', async () => {
  for (let times = 0; times < 5; times += 1) writer.note(denied('/x'));
  await writer.close();
  expect(told()).toEqual([
    ['denied', 1, '/x'],
    ['denied', 4, '/x'],
  ]);
});
