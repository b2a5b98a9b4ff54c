import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { scratchFolder } from '../real/scratch.ts';
import { DAY, HOUR, NOON, SECOND } from './slots.ts';

const ROUNDS = 6;

test('whenever the process is killed, nothing that was added is lost, and nothing is there twice', async () => {
  const file = join(scratchFolder('killed'), 'analytics.db');
  const added = new Set<string>();
  const sent = new Set<string>();
  let next = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const epoch = `epoch-${round}`;
    const writer = fork(join(import.meta.dirname, 'writes-until-killed.ts'), [file, epoch, String(next)]);
    writer.on('message', (message: { sent?: number; added?: number; startMs?: number }) => {
      if (message.sent !== undefined) sent.add(`${epoch} ${message.sent}`);
      if (message.added !== undefined) added.add(`${epoch} ${message.added}`);
      if (message.startMs !== undefined) next = (message.startMs - NOON) / (10 * SECOND) + 1;
    });
    await once(writer, 'message');
    // At another moment each time.
    await sleep(300 + round * 67);
    writer.kill('SIGKILL');
    await once(writer, 'exit');
  }
  let nowMs = NOON + next * 10 * SECOND + HOUR;
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  const database = await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema });
  const history = new History(database, { clock });
  const question = {
    where: [],
    by: ['client'],
    order: 'count',
    most: 100,
    sinceMs: NOON - DAY,
    untilMs: NOON + 3 * DAY,
  } as const;
  const before = await history.ask(question);
  await history.keepUp();
  const after = await history.ask(question);
  nowMs += 2 * DAY;
  await history.keepUp();
  const later = await history.ask(question);
  await history.close();
  expect(added.size).toBeGreaterThan(ROUNDS);
  // One slot of each round may have been added, and its process killed before it told.
  const slots = before.total.count / 20;
  expect(slots).toBeGreaterThanOrEqual(added.size);
  expect(slots).toBeLessThanOrEqual(sent.size);
  expect(before.rows.map(({ count }) => count)).toEqual(Array.from({ length: 20 }, () => slots));
  expect(before.completeness.decided).toBe(before.total.count);
  for (const answer of [after, later]) {
    expect(answer.rows).toEqual(before.rows);
    expect(answer.total).toEqual(before.total);
    expect(answer.completeness).toEqual(before.completeness);
  }
}, 120_000);
