import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Question } from '../rollup/question.ts';
import type { SeriesFilter } from './conditions.ts';
import { chunkOf, levelAt, tableName, VIEWS, viewNumber } from './levels.ts';
import type { View } from './levels.ts';
import type { Part, Plan } from './plan.ts';
import { addedUp, SUM_NAMES } from './sums.ts';
import type { SumName } from './sums.ts';

export interface PartOptions {
  readonly engine: Database<unknown>['engine'];
  /** Read instead of whole keys at levels that have this view. */
  readonly view: View | undefined;
  readonly filter: SeriesFilter | undefined;
  readonly stepS?: number | undefined;
  /** Absent: all. */
  readonly sums?: readonly SumName[];
}

/** Returns the view with the fewest rows that has all dimensions of a question. */
export function viewFor({ by, where }: Pick<Question, 'by' | 'where'>): View | undefined {
  const asked = [
    ...by,
    ...where.flatMap(({ dimension, or }) => (or === undefined ? dimension : [dimension, or.dimension])),
  ];
  const views = Object.keys(VIEWS) as View[];
  return views.find((view) => asked.every((name) => VIEWS[view].includes(name)));
}

/** Makes one table of the rows of all parts: series, sums, and `step_s` if there are steps. */
export function partsTable(options: PartOptions, { parts }: Plan): RawBuilder<unknown> {
  return sql`(${sql.join(
    parts.map((part) => partRows(options, part)),
    sql` UNION ALL `,
  )})`;
}

function partRows({ engine, view, filter, stepS, sums }: PartOptions, part: Part): RawBuilder<unknown> {
  const level = levelAt(part.index);
  const own = view !== undefined && level.views.includes(view) ? view : undefined;
  const { chunkPeriods, periodS } = level;
  const table = sql`${sql.table(tableName(level, own))} AS source`;
  const period = sql`(source.chunk * ${sql.lit(chunkPeriods)} + source.at)`;
  const where = sql.join(conditionsOn(part, period, filter?.(own === undefined ? 0 : viewNumber(own))), sql` AND `);
  if (stepS !== undefined) {
    const step = sql`CAST(${period} AS bigint) * ${sql.lit(periodS)} / ${sql.lit(stepS)} * ${sql.lit(stepS)} AS step_s`;
    return sql`SELECT series, ${step}, ${SUM_NAMES} FROM ${table} WHERE ${where}`;
  }
  // In a chunk the rows of a series are neighbours, so they are added up while reading, without sorting.
  return sql`SELECT series, ${addedUp(engine, 'source', sums)} FROM ${table} WHERE ${where} GROUP BY chunk, series`;
}

function conditionsOn(
  { index, from, until }: Part,
  period: RawBuilder<unknown>,
  series: RawBuilder<unknown> | undefined,
): RawBuilder<unknown>[] {
  const level = levelAt(index);
  const first = chunkOf(level, from);
  const last = chunkOf(level, until - 1);
  const chunks = Array.from({ length: last - first + 1 }, (_, at) => sql.lit(first + at));
  const range =
    series === undefined
      ? [sql`source.chunk BETWEEN ${sql.lit(first)} AND ${sql.lit(last)}`]
      : // Where few series are asked, each is looked up in each chunk.
        [sql`source.chunk IN (${sql.join(chunks)})`, sql`source.series IN (${series})`];
  if (from > first * level.chunkPeriods) range.push(sql`${period} >= ${sql.lit(from)}`);
  if (until < (last + 1) * level.chunkPeriods) range.push(sql`${period} < ${sql.lit(until)}`);
  return range;
}
