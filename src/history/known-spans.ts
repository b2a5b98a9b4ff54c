import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { KnownSpan } from '../rollup/question.ts';
import type { SlotCompleteness } from '../rollup/slot.ts';
import { levelAt } from './levels.ts';
import type { Part } from './plan.ts';
import { sumOf } from './sums.ts';
import { COMPLETENESS } from './tables.ts';
import type { HistoryTables } from './tables.ts';

type Reading = Transaction<HistoryTables>;

export async function readCompleteness(
  transaction: Reading,
  parts: readonly Part[],
): Promise<SlotCompleteness & { folded: number }> {
  const sums = { slots: 0, decided: 0, reported: 0, unreported: 0, unknown: 0, folded: 0 };
  for (const { index, from, until } of parts) {
    const columns = sql.join(COMPLETENESS.map((name) => sumOf('history_completeness', name)));
    const { rows } = await sql<Record<keyof typeof sums, number | null>>`
      SELECT ${columns} FROM history_completeness
      WHERE level = ${index} AND period >= ${from} AND period < ${until}`.execute(transaction);
    for (const name of COMPLETENESS) sums[name] += rows[0]?.[name] ?? 0;
  }
  return sums;
}

interface Row extends SlotCompleteness {
  readonly step_s: number;
  readonly slots: number;
}

/** Of each step that has a slot. */
export async function readSpans(
  transaction: Reading,
  parts: readonly Part[],
  stepS: number,
): Promise<readonly KnownSpan[]> {
  const spans = new Map<number, { -readonly [name in keyof KnownSpan]: number }>();
  for (const { index, from, until } of parts) {
    const step = sql`CAST(period AS bigint) * ${sql.lit(levelAt(index).periodS)} / ${sql.lit(stepS)} * ${sql.lit(stepS)}`;
    const columns = sql.join(COMPLETENESS.map((name) => sumOf('history_completeness', name)));
    const { rows } = await sql<Row>`
      SELECT ${step} AS step_s, ${columns} FROM history_completeness
      WHERE level = ${index} AND period >= ${from} AND period < ${until} GROUP BY 1`.execute(transaction);
    for (const { step_s: startS, slots, decided, reported, unreported, unknown } of rows) {
      if (slots === 0) continue;
      const span = spans.get(startS);
      const sums = { decided, reported, unreported, unknown };
      if (span === undefined) spans.set(startS, { startMs: startS * 1000, ...sums });
      else for (const name of ['decided', 'reported', 'unreported', 'unknown'] as const) span[name] += sums[name];
    }
  }
  return [...spans.values()].toSorted((a, b) => a.startMs - b.startMs);
}
