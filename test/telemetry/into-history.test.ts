import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import type { Question } from '../../src/rollup/question.ts';
import { reportSlotsMethod } from '../../src/telemetry/report-service.ts';
import { SlotIntake } from '../../src/telemetry/slot-intake.ts';
import { SlotSender } from '../../src/telemetry/slot-sender.ts';
import { UnacknowledgedSlots } from '../../src/telemetry/unacknowledged.ts';
import { scratchFolder } from '../real/scratch.ts';
import { KeptSlots, rowOf, slotOf } from '../rollup/kept-slots.ts';
import { callOver, hastyTimers, mishapsOf, receiving } from './lossy-network.ts';
import type { Mishap } from './lossy-network.ts';

const NOON = Date.UTC(2026, 10, 28, 12);

it('what three nodes sent over a bad network is in the history as it was counted', async () => {
  const file = join(scratchFolder('telemetry'), 'analytics.db');
  const database = await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema });
  await using history = Object.assign(
    new History(database, { clock: { now: () => NOON + 3_600_000, monotonic: () => 0 } }),
    {
      [Symbol.asyncDispose]: () => database.close(),
    },
  );
  const counted = new KeptSlots();
  const [mishaps = []] = fc.sample(
    fc.array(fc.constantFrom<Mishap>('none', 'lost', 'repeated', 'late', 'cut'), { minLength: 200, maxLength: 200 }),
    { numRuns: 1, seed: 13 },
  );
  const next = mishapsOf(mishaps);
  const intake = new SlotIntake(history);
  const nodes = ['pod-1', 'pod-2', 'pod-3'].map((node, at) => {
    const call = callOver(reportSlotsMethod({ ...receiving(history, () => node), intake }), next);
    const slots = new UnacknowledgedSlots(100_000);
    const options = { call, slots, samples: () => [], timers: hastyTimers, random: () => 0 };
    const sender = new SlotSender({ node }, options);
    return { node, epoch: `0000000${at}`, slots, sender, running: sender.run() };
  });
  for (let sequence = 1; sequence <= 12; sequence += 1) {
    for (const { node, epoch, slots } of nodes) {
      const rows = ['200', '404', '503'].map((status, at) =>
        rowOf({ api: 'orders', client: node, status, outcome: 'processed' }, at + sequence, 30 + at),
      );
      const slot = slotOf(NOON + sequence * 10_000, rows, { node, epoch, sequence });
      counted.take(slot);
      slots.take(slot);
      await turn();
    }
  }
  while (nodes.some(({ slots }) => slots.size > 0)) await turn();
  for (const { sender } of nodes) sender.close();
  await Promise.all(nodes.map(({ running }) => running));

  const time = { sinceMs: NOON, untilMs: NOON + 600_000, where: [], order: 'count', most: 100 } as const;
  const questions: Question[] = [
    { ...time, by: [] },
    { ...time, by: ['client', 'status'] },
    { ...time, by: ['status'], stepMs: 60_000, where: [{ dimension: 'client', values: ['pod-2'], isExcluded: true }] },
  ];
  for (const question of questions) {
    const [stored, expected] = await Promise.all([history.ask(question), counted.ask(question)]);
    const told = ({ rows }: typeof stored) =>
      rows.map(({ values, startMs, count, errors, denials, requestBytes, durations }) => {
        return { values, startMs, count, errors, denials, requestBytes, durations };
      });
    expect(told(stored)).toEqual(told(expected));
    expect(stored.completeness).toEqual(expected.completeness);
    expect([stored.total.count, stored.combinations]).toEqual([expected.total.count, expected.combinations]);
  }
});
