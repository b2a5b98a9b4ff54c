import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { addRows, storedRow } from '../../src/history/add-rows.ts';
import { History } from '../../src/history/history.ts';
import { levelAt } from '../../src/history/levels.ts';
import { markDue, rollViews } from '../../src/history/roll-up.ts';
import { historySchema } from '../../src/history/schema.ts';
import { SeriesNumbers } from '../../src/history/series-numbers.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import type { SlotRow } from '../../src/rollup/slot.ts';
import type { Company } from './company.ts';

export interface MonthsOptions {
  /** Of a control plane that does not run. */
  readonly dataDir: string;
  readonly company: Company;
  readonly nowMs: number;
  readonly days: number;
  /** Nothing was told of this time, in seconds before now: from, until. */
  readonly gapS?: readonly [from: number, until: number];
  /** Hours alone: quicker, where there is much of it. */
  readonly isOfHours?: boolean;
}

const MINUTES_S = 24 * 3600;
const SECONDS_S = 3600;
const INCIDENT_S = [3 * 3600, 2 * 3600] as const;

/** Fills the history as if sidecars had told of months: seconds of the last hour, minutes of the last day, and hours. */
export async function fillMonths({ dataDir, company, nowMs, days, gapS, isOfHours }: MonthsOptions): Promise<void> {
  const file = join(dataDir, 'analytics.db');
  const database = await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema });
  const clock = { now: () => nowMs, monotonic: () => performance.now() };
  const numbers = new SeriesNumbers(database, clock);
  const nowS = Math.floor(nowMs / 1000);
  const incident = [nowS - INCIDENT_S[0], nowS - INCIDENT_S[1]] as const;
  const isInGap = (startS: number, lengthS: number): boolean =>
    gapS !== undefined && startS < nowS - gapS[1] && startS + lengthS > nowS - gapS[0];

  async function fill(index: number, fromS: number, untilS: number): Promise<void> {
    const { periodS } = levelAt(index);
    const level = levelAt(index);
    for (let startS = fromS; startS < untilS; startS += periodS) {
      if (periodS < 3600 && isInGap(startS, periodS)) continue;
      const rows = merged(company.rows(startS, periodS, incident));
      const ids = await numbers.numbersOf(rows.map(({ key }) => key));
      const stored = rows.map((row, at) => storedRow(ids[at] as number, row));
      const decided = rows.reduce((sum, { count }) => sum + count, 0);
      const missing = startS > nowS - 5 * 3600 ? Math.ceil(decided / 3000) : 0;
      const period = startS / periodS;
      await database.kysely.transaction().execute(async (transaction) => {
        await addRows(transaction, 'sqlite', level, period, stored);
        if (index > 0) await rollViews(transaction, 'sqlite', index, period);
        const told = { decided, reported: decided - missing, unreported: missing, unknown: 0, folded: 0 };
        await transaction
          .insertInto('history_completeness')
          .values({ level: index, period, slots: 1, ...told })
          .execute();
        if (index === 2) await markDue(transaction, index, startS);
      });
    }
  }

  const floor = (atS: number, lengthS: number): number => Math.floor(atS / lengthS) * lengthS;
  const begunS = floor(nowS - days * 86_400, 86_400);
  await fill(2, begunS, floor(nowS, 3600));
  if (isOfHours !== true) {
    await fill(1, floor(nowS - MINUTES_S, 3600), floor(nowS, 60));
    await fill(0, floor(nowS - SECONDS_S, 60), floor(nowS, 10));
  }
  await prune(0, floor(isOfHours === true ? nowS : nowS - SECONDS_S, 3600));
  await prune(1, floor(isOfHours === true ? nowS : nowS - MINUTES_S, 3600));
  await database.kysely
    .insertInto('history_due')
    .values({ level: 2, period: Math.floor(nowS / 3600), through_s: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await new History(database, { clock }).keepUp();
  await database.close();

  function prune(level: number, beforeS: number) {
    return database.kysely.updateTable('history_level').set({ pruned_s: beforeS }).where('level', '=', level).execute();
  }
}

/** One row for each key. */
function merged(rows: readonly SlotRow[]): readonly SlotRow[] {
  const seen = new Map<string, SlotRow>();
  for (const row of rows) {
    const name = createHash('sha1').update(row.key.join('\0')).digest('hex');
    if (!seen.has(name)) seen.set(name, row);
  }
  return [...seen.values()];
}
