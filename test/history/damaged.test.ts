import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DatabaseFault } from '../../src/database/database-fault.ts';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import { SlotWriter } from '../../src/history/slot-writer.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { ManualTime } from '../jwt/manual-time.ts';
import { scratchFolder } from '../real/scratch.ts';
import { ORDERS_GET } from './fixture.ts';
import { DAY, NOON, rowOf, Sender } from './slots.ts';

const PAGE_BYTES = 4096;

test('a file that is damaged is told with the remedy', async () => {
  const file = join(scratchFolder('damaged'), 'analytics.db');
  const open = async (): Promise<History> =>
    new History(await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema }), {
      clock: { now: () => NOON, monotonic: () => 0 },
    });
  const sender = new Sender();
  const rows = Array.from({ length: 500 }, (_, at) => rowOf({ ...ORDERS_GET, client: `client-${at}` }, [1]));
  const history = await open();
  await history.receive([sender.slot(NOON, rows)]);
  await history.close();
  // All but the first page, where SQLite looks when it opens a file.
  const descriptor = openSync(file, 'r+');
  for (let at = PAGE_BYTES; at < statSync(file).size; at += PAGE_BYTES)
    writeSync(descriptor, Buffer.alloc(512, 0xff), 0, 512, at);
  closeSync(descriptor);

  const ask = async (): Promise<unknown> => {
    const damaged = await open();
    const question = { sinceMs: NOON - DAY, untilMs: NOON + DAY, by: [], where: [], order: 'count', most: 1 } as const;
    try {
      return await damaged.ask(question);
    } finally {
      await damaged.close();
    }
  };
  const fault = await ask().catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(DatabaseFault);
  expect((fault as DatabaseFault).message).toBe(`${file} is damaged: move it away for a new one, or bring a copy back`);
});

test('slots that a damaged store does not take wait within bounds, and the dropped are counted', async () => {
  const time = new ManualTime();
  const told: string[] = [];
  const damaged = new DatabaseFault('foreign', 'analytics.db is damaged');
  const writer = new SlotWriter(
    {
      history: { receive: () => Promise.reject(damaged), keepUp: () => Promise.reject(damaged) },
      timers: time,
      events: {
        settled: (fate) => void told.push(fate),
        failed: (error) => void told.push((error as Error).message),
        recovered: () => void told.push('recovered'),
      },
    },
    { maxSlots: 3, maxRows: 1000 },
  );
  const sender = new Sender();
  for (let at = 0; at < 10; at += 1) {
    writer.take(sender.slot(NOON, [rowOf(ORDERS_GET, [1])]));
    time.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(told.filter((each) => each === 'analytics.db is damaged')).toHaveLength(1);
  expect(told.filter((each) => each === 'dropped').length).toBeGreaterThanOrEqual(6);
  await writer.close();
  expect(told.filter((each) => each === 'dropped')).toHaveLength(10);
});
