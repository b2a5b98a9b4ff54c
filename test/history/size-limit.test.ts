import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { Cut } from '../../src/history/size-limit.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { scratchFolder } from '../real/scratch.ts';
import { HOUR, MINUTE, NOON, rowOf, Sender } from './slots.ts';

const MAX_BYTES = 700_000;

test('beyond its size the oldest minutes go first, it is told, and what was counted is still there by the hour', async () => {
  let nowMs = NOON;
  const cuts: Cut[] = [];
  let sizeBytes = 0;
  const file = join(scratchFolder('size'), 'analytics.db');
  const database = await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema });
  const history = new History(database, {
    clock: { now: () => nowMs, monotonic: () => nowMs },
    maxBytes: MAX_BYTES,
    events: { answered() {}, sized: (bytes) => (sizeBytes = bytes), cut: (cut) => cuts.push(cut) },
  });
  const sender = new Sender();
  const HOURS = 12;
  for (let minute = 0; minute < HOURS * 60; minute += 4) {
    nowMs = NOON + minute * MINUTE + 20_000;
    const rows = Array.from({ length: 100 }, (_, client) => rowOf({ api: 'orders', client: `c${client}` }, [1]));
    await history.receive([sender.slot(NOON + minute * MINUTE, rows)]);
    if (minute % 60 === 56) await history.keepUp();
  }
  nowMs = NOON + (HOURS + 1) * HOUR;
  await history.keepUp();
  expect(sizeBytes).toBeLessThanOrEqual(MAX_BYTES);
  expect(new Set(cuts.map(({ level }) => level))).toEqual(new Set(['1m']));
  const lastCut = cuts.at(-1)?.beforeMs ?? 0;
  expect(lastCut).toBeGreaterThan(NOON);
  expect(lastCut).toBeLessThan(nowMs - HOUR);
  const whole = { by: [], where: [], order: 'count', most: 1 } as const;
  const { total } = await history.ask({ ...whole, sinceMs: NOON, untilMs: NOON + HOURS * HOUR });
  expect(total.count).toBe(HOURS * 15 * 100);
  // A span within an hour whose minutes are gone is rounded to the hour.
  const rounded = await history.ask({ ...whole, sinceMs: NOON + 5 * MINUTE, untilMs: NOON + 10 * MINUTE });
  expect(rounded).toMatchObject({ sinceMs: NOON, untilMs: NOON + HOUR, total: { count: 1500 } });
  await history.close();
}, 60_000);
