import { sql } from 'kysely';
import type { RawBuilder, Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Question } from '../rollup/question.ts';
import type { Dimension } from '../rollup/slot.ts';
import { combinationsOf } from './conditions.ts';
import type { SeriesFilter } from './conditions.ts';
import { partsTable, viewFor } from './part-rows.ts';
import type { Plan } from './plan.ts';
import { addedUp, ALL_SUMS, IS_LEFT, ranking, RANKS } from './sums.ts';
import type { SumName, Totals } from './sums.ts';
import type { HistoryTables } from './tables.ts';

export interface Lookup {
  readonly transaction: Transaction<HistoryTables>;
  readonly engine: Database<unknown>['engine'];
  readonly question: Question;
  readonly filter: SeriesFilter | undefined;
}

export interface Ranked extends Totals {
  /** The numbers of the values. */
  readonly [number: `number_${string}`]: number;
  /** The values. */
  readonly [value: `value_${string}`]: string;
  readonly combinations: number;
}

/** Of these there may be thousands. */
const MANY: ReadonlySet<Dimension> = new Set(['route', 'client', 'contract', 'source']);
/** So few combinations are looked up faster than all are added up with all that is known of them. */
const FEW = 250;

/** The highest combinations of values, with their sums. */
export async function readRanked(lookup: Lookup, plan: Plan): Promise<readonly Ranked[]> {
  const { by, order, most } = lookup.question;
  if (plan.parts.length === 0) return [];
  if (most > FEW || !by.some((name) => MANY.has(name))) return rank(lookup, plan, ALL_SUMS);
  const ranked = await rank(lookup, plan, ranking(order));
  const combinations = ranked.map((row) => by.map((name) => row[`number_${name}`] as number));
  const isAll = ranked.length === ranked[0]?.combinations;
  const filter = isAll ? lookup.filter : combinationsOf(lookup.engine, by, combinations, lookup.filter);
  const numbersOf = (row: Ranked): string => by.map((name) => row[`number_${name}`]).join(' ');
  const whole = await addUp({ ...lookup, filter }, plan, ALL_SUMS);
  const sums = new Map(whole.map((row) => [numbersOf(row), row]));
  return ranked.map((row) => Object.assign(row, sums.get(numbersOf(row))));
}

async function rank(lookup: Lookup, plan: Plan, sums: readonly SumName[]): Promise<readonly Ranked[]> {
  const { transaction, engine, question } = lookup;
  const { by, order, most } = question;
  const texts = by.map(
    (name) =>
      sql`(SELECT text FROM history_text WHERE id = ${sql.ref(`number_${name}`)}) AS ${sql.ref(`value_${name}`)}`,
  );
  // Texts are compared by their octets, as everywhere else.
  const collation = engine === 'postgres' ? sql` COLLATE "C"` : sql``;
  const ranks = [sql`${sql.raw(RANKS[order])} DESC`, ...by.map((name) => sql`${sql.ref(`value_${name}`)}${collation}`)];
  const found = await sql<Ranked>`
    WITH sums AS (${sumsOf(lookup, plan, sums)}),
    named AS (SELECT sums.*, ${sql.join([...texts, sql`count(*) OVER () AS combinations`])} FROM sums WHERE ${IS_LEFT})
    SELECT * FROM named ORDER BY ${sql.join(ranks)} LIMIT ${most}`.execute(transaction);
  return found.rows;
}

async function addUp(lookup: Lookup, plan: Plan, sums: readonly SumName[]): Promise<readonly Ranked[]> {
  const found = await sql<Ranked>`${sumsOf(lookup, plan, sums)}`.execute(lookup.transaction);
  return found.rows;
}

/** A statement: by the numbers of the values that are asked. */
function sumsOf({ engine, question, filter }: Lookup, plan: Plan, sums: readonly SumName[]): RawBuilder<unknown> {
  const { by } = question;
  const numbers = by.map((name) => sql`series.${sql.ref(name)} AS ${sql.ref(`number_${name}`)}`);
  const grouped = by.length === 0 ? sql`` : sql`GROUP BY ${sql.join(by.map((name) => sql.ref(`series.${name}`)))}`;
  const rows = partsTable({ engine, view: viewFor(question), filter, sums }, plan);
  return sql`SELECT ${sql.join([...numbers, addedUp(engine, 'part', sums)])}
    FROM ${rows} AS part JOIN history_series AS series ON series.id = part.series ${grouped}`;
}
