import { setImmediate as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import type { RawBuilder, Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Answer, AnswerRow, Question } from '../rollup/question.ts';
import { combinationsOf, conditionsOf } from './conditions.ts';
import { readCompleteness, readSpans } from './known-spans.ts';
import { partsTable, viewFor } from './part-rows.ts';
import { planParts } from './plan.ts';
import type { Extent, Plan } from './plan.ts';
import { readRanked } from './ranking.ts';
import type { Lookup, Ranked } from './ranking.ts';
import { addedUp, countedOf } from './sums.ts';
import type { Totals } from './sums.ts';
import type { HistoryTables } from './tables.ts';

type Reading = Transaction<HistoryTables>;

/** The number of rows whose histograms are added up without a pause. */
const ROWS_A_TURN = 100;

interface Stepped extends Totals {
  readonly [number: `number_${string}`]: number;
  readonly step_s: number;
}

/**
 * Answers a question from the coarsest rows that fit.
 * @throws DatabaseFault (rejects with it)
 */
export async function answerQuestion(database: Database<HistoryTables>, question: Question): Promise<Answer> {
  const { engine, kysely } = database;
  // All statements must see the same state, while other processes may write.
  const reading =
    engine === 'postgres' ? kysely.transaction().setIsolationLevel('repeatable read') : kysely.transaction();
  const read = await reading.execute(async (transaction) => {
    const extent = await extentOf(transaction);
    const { sinceMs, untilMs, stepMs } = question;
    const plan = planParts(extent, sinceMs / 1000, untilMs / 1000, stepMs === undefined ? undefined : stepMs / 1000);
    const lookup: Lookup = {
      transaction,
      engine,
      question,
      filter: await conditionsOf(transaction, engine, question.where),
    };
    // The ranking can use coarser rows than the steps.
    const whole = plan.stepS === undefined ? plan : planParts(extent, plan.sinceS, plan.untilS);
    const ranked = await readRanked(lookup, whole);
    const isWhole = question.by.length === 0;
    return {
      plan,
      ranked,
      stepped: plan.stepS === undefined ? undefined : await readSteps(lookup, plan, ranked),
      total: isWhole ? ranked : await readRanked({ ...lookup, question: { ...question, by: [], most: 1 } }, whole),
      completeness: await readCompleteness(transaction, whole.parts),
      spans: plan.stepS === undefined ? undefined : await readSpans(transaction, plan.parts, plan.stepS),
    };
  });
  const { plan, ranked, stepped, total, completeness, spans } = read;
  const { decided, reported, unreported, unknown, folded } = completeness;
  return {
    sinceMs: plan.sinceS * 1000,
    untilMs: plan.untilS * 1000,
    periodMs: plan.periodS * 1000,
    rows: stepped === undefined ? await rowsOf(question, ranked) : await stepRowsOf(question, ranked, stepped),
    total: countedOf(total),
    combinations: ranked[0]?.combinations ?? 0,
    completeness: { decided, reported, unreported, unknown },
    folded,
    ...(spans !== undefined && { spans }),
  };
}

async function extentOf(transaction: Reading): Promise<Extent> {
  const levels = await transaction.selectFrom('history_level').select('pruned_s').orderBy('level').execute();
  const due = await transaction.selectFrom('history_due').selectAll().orderBy('level').orderBy('period').execute();
  return {
    prunedS: levels.map(({ pruned_s: pruned }) => pruned),
    due: levels.map((_, index) =>
      due.flatMap(({ level, period, through_s: throughS }) => (level === index ? [{ period, throughS }] : [])),
    ),
  };
}

/** Reads the sums of each step, for the combinations that were ranked. */
async function readSteps(lookup: Lookup, plan: Plan, ranked: readonly Ranked[]): Promise<readonly Stepped[]> {
  const { transaction, engine, question, filter } = lookup;
  const { by } = question;
  if (plan.parts.length === 0 || ranked.length === 0) return [];
  const numbers = by.map((name) => sql`series.${sql.ref(name)} AS ${sql.ref(`number_${name}`)}`);
  const combinations = ranked.map((row) => by.map((name) => row[`number_${name}`] as number));
  const both = combinationsOf(engine, by, combinations, filter);
  const rows = partsTable({ engine, view: viewFor(question), filter: both, stepS: plan.stepS }, plan);
  const groups: RawBuilder<unknown>[] = [...by.map((name) => sql.ref(`series.${name}`)), sql.ref('part.step_s')];
  const found = await sql<Stepped>`
    SELECT ${sql.join([...numbers, sql.ref('part.step_s'), addedUp(engine, 'part')])}
    FROM ${rows} AS part JOIN history_series AS series ON series.id = part.series
    GROUP BY ${sql.join(groups)}`.execute(transaction);
  return found.rows;
}

async function rowsOf({ by }: Question, ranked: readonly Ranked[]): Promise<AnswerRow[]> {
  const rows: AnswerRow[] = [];
  for (const [at, row] of ranked.entries()) {
    if (at % ROWS_A_TURN === ROWS_A_TURN - 1) await pause();
    rows.push({ values: by.map((name) => row[`value_${name}`] as string), ...countedOf([row]) });
  }
  return rows;
}

/** By rank, and then by time. */
async function stepRowsOf(
  { by }: Question,
  ranked: readonly Ranked[],
  stepped: readonly Stepped[],
): Promise<AnswerRow[]> {
  const nameOf = (row: Ranked | Stepped): string => by.map((name) => row[`number_${name}`]).join(' ');
  const ranks = new Map(ranked.map((row, rank) => [nameOf(row), rank]));
  const rankOfRow = (row: Stepped): number => ranks.get(nameOf(row)) ?? 0;
  const sorted = stepped.toSorted((a, b) => rankOfRow(a) - rankOfRow(b) || a.step_s - b.step_s);
  const rows: AnswerRow[] = [];
  for (const [at, row] of sorted.entries()) {
    if (at % ROWS_A_TURN === ROWS_A_TURN - 1) await pause();
    const counted = countedOf([row]);
    if (counted.count === 0 && counted.durationCount === 0) continue;
    const values = by.map((name) => ranked[rankOfRow(row)]?.[`value_${name}`] as string);
    rows.push({ values, startMs: row.step_s * 1000, ...counted });
  }
  return rows;
}
