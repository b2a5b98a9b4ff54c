import { expect, test } from 'vitest';
import { DatabaseFault } from '../../src/database/database-fault.ts';
import type { Receipt } from '../../src/history/receiving.ts';
import { SlotWriter } from '../../src/history/slot-writer.ts';
import type { WriterOptions } from '../../src/history/slot-writer.ts';
import type { Slot } from '../../src/rollup/slot.ts';
import { HandTime } from '../rollup/hand-timers.ts';
import { NOON, rowOf, Sender } from './slots.ts';

const OUT_OF_ROOM = new DatabaseFault('full', 'analytics.db: the disk is full; make room on it');

/** A store that works or does not, as a test says. */
function setUp(options?: WriterOptions) {
  const time = new HandTime(NOON);
  const told: string[] = [];
  const settled: string[] = [];
  const added: number[] = [];
  const store = {
    fault: undefined as Error | undefined,
    gate: Promise.resolve(),
    batches: [] as number[],
    kept: 0,
    async receive(slots: readonly Slot[]): Promise<Receipt> {
      await store.gate;
      if (store.fault !== undefined) throw store.fault;
      store.batches.push(slots.length);
      added.push(...slots.map(({ sequence }) => sequence));
      return { fates: slots.map(() => 'added'), received: [] };
    },
    async keepUp(): Promise<void> {
      if (store.fault !== undefined) throw store.fault;
      store.kept += 1;
    },
  };
  const writer = new SlotWriter(
    {
      history: store,
      timers: time.timers,
      events: {
        settled: (fate) => settled.push(fate),
        failed: (error) => told.push((error as Error).message),
        recovered: (dropped) => told.push(`recovered, ${dropped} dropped`),
      },
    },
    options,
  );
  const sender = new Sender();
  const give = (times: number, rows = 1): void => {
    for (let at = 0; at < times; at += 1) {
      writer.take(
        sender.slot(
          NOON,
          Array.from({ length: rows }, () => rowOf({ api: 'a' }, [1])),
        ),
      );
    }
  };
  return { writer, time, store, told, settled, added, give };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('slots are written in their order, several at a time where several wait', async () => {
  const { writer, store, added, give } = setUp();
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  give(20);
  expect(writer.waiting).toBe(20);
  gate.resolve();
  await settle();
  expect(added).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  expect(Math.max(...store.batches)).toBe(8);
  expect(writer.waiting).toBe(0);
});

test('while the disk is full slots wait, the oldest are dropped and counted, and it is told once', async () => {
  const { writer, time, store, told, settled, added, give } = setUp({ maxSlots: 3, maxRows: 1000 });
  store.fault = OUT_OF_ROOM;
  give(5);
  await settle();
  time.pass(1000);
  await settle();
  time.pass(2000);
  await settle();
  expect(told).toEqual([OUT_OF_ROOM.message]);
  expect(settled).toEqual(['dropped', 'dropped']);
  expect(writer.waiting).toBe(3);
  store.fault = undefined;
  time.pass(30_000);
  await settle();
  expect(added).toEqual([3, 4, 5]);
  expect(told).toEqual([OUT_OF_ROOM.message, 'recovered, 2 dropped']);
  give(1);
  await settle();
  expect(added).toEqual([3, 4, 5, 6]);
});

test('the rows that wait are bounded too, and one slot is always kept', async () => {
  const { writer, store, settled, give } = setUp({ maxSlots: 100, maxRows: 10 });
  store.fault = OUT_OF_ROOM;
  give(4, 4);
  await settle();
  expect(writer.waiting).toBe(2);
  give(1, 50);
  expect(writer.waiting).toBe(1);
  expect(settled).toHaveLength(4);
  await writer.close();
});

test('a slot that is being written is not dropped', async () => {
  const { writer, store, added, settled, give } = setUp({ maxSlots: 2, maxRows: 1000 });
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  give(1);
  await settle();
  give(3);
  gate.resolve();
  await settle();
  expect(added).toEqual([1, 3, 4]);
  expect(settled).toEqual(['dropped', 'added', 'added', 'added']);
  expect(writer.waiting).toBe(0);
});

test('the store is kept up every ten seconds, also after a failure', async () => {
  const { time, store, told } = setUp();
  time.pass(10_000);
  await settle();
  store.fault = OUT_OF_ROOM;
  time.pass(10_000);
  await settle();
  store.fault = undefined;
  time.pass(10_000);
  await settle();
  expect(store.kept).toBe(2);
  expect(told).toEqual([OUT_OF_ROOM.message, 'recovered, 0 dropped']);
});

test('at the end what waits is written; what can not be written is counted as dropped', async () => {
  const { writer, store, added, settled, give } = setUp();
  store.fault = OUT_OF_ROOM;
  give(2);
  await settle();
  store.fault = undefined;
  await writer.close();
  expect(added).toEqual([1, 2]);
  const other = setUp();
  other.store.fault = OUT_OF_ROOM;
  other.give(2);
  await other.writer.close();
  expect(other.settled).toEqual(['dropped', 'dropped']);
  expect(settled).toEqual(['added', 'added']);
  other.give(1);
  expect(other.writer.waiting).toBe(0);
});
