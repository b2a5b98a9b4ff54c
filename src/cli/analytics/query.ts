import { durationMs } from '@bufbuild/protobuf/wkt';
import { QueryResponseSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { QueryResponse, UsageRow } from '../../../gen/ostiary/v1/analytics_pb.js';
import { ask, commonOf, printJson, rankOf } from './asking.ts';
import { completenessJson, completenessLine } from './completeness.ts';
import { csv } from '../../csv.ts';
import type { Values } from './flags.ts';
import { table } from './table.ts';
import { lengthOf } from './time-flags.ts';
import {
  isoOf,
  msOf,
  NOTHING,
  timeLine,
  USAGE_FIELDS,
  usageCells,
  usageColumns,
  usageFields,
  usageJson,
  valueText,
} from './usage.ts';
import { moment, period, whole } from './units.ts';

/** `ostiary analytics query`. @throws UserError */
export async function printQuery(values: Values, width: number): Promise<void> {
  const step = values.step === undefined ? {} : { step: `${(lengthOf(values.step) ?? 0) / 1000}s` };
  const by = values.by?.split(',') ?? [];
  const request = { ...commonOf(values), by, ...step, rankBy: rankOf(values) };
  const answer = await ask('Query', request, QueryResponseSchema, values);
  if (values.output === 'json') return printJson(toJson(answer));
  if (values.output === 'csv') {
    process.stdout.write(toCsv(answer, values.step !== undefined));
    process.stderr.write(`${completenessLine(answer.completeness, answer.total?.count)}\n`);
    return;
  }
  process.stdout.write(toTable(answer, values, width));
}

/** The rows have the asked dimensions, by their names, and what was counted. */
function toJson(answer: QueryResponse): object {
  const { since, until, resolution, by, rows, total, combinations, completeness, spans } = answer;
  return {
    since: isoOf(since),
    until: isoOf(until),
    resolutionSeconds: resolution === undefined ? 0 : durationMs(resolution) / 1000,
    rows: rows.map(({ start, values, usage }) =>
      Object.assign(
        start === undefined ? {} : { start: isoOf(start) },
        Object.fromEntries(by.map((name, at) => [name, values[at] ?? ''])),
        usageJson(usage),
      ),
    ),
    total: usageJson(total),
    combinations: Number(combinations),
    completeness: completenessJson(completeness),
    ...(spans.length > 0 && {
      spans: spans.map(({ start, decided, reported, unreported, unknown }) => ({
        start: isoOf(start),
        decided: Number(decided),
        reported: Number(reported),
        unreported: Number(unreported),
        unknown: Number(unknown),
      })),
    }),
  };
}

function toCsv({ by, rows }: QueryResponse, hasSteps: boolean): string {
  return csv(
    [...(hasSteps ? ['start'] : []), ...by, ...USAGE_FIELDS],
    rows.map((row) => [...(hasSteps ? [isoOf(row.start)] : []), ...row.values, ...usageFields(row.usage)]),
  );
}

function toTable(answer: QueryResponse, { step, rankBy }: Values, width: number): string {
  const hasSteps = step !== undefined;
  const { since, until, resolution, by, rows, total, combinations, completeness } = answer;
  const titles = [...(hasSteps ? ['from (UTC)'] : []), ...by];
  const cells = rows.map((row) => [
    ...startOf(row, hasSteps),
    ...row.values.map(valueText),
    ...usageCells(row.usage, rankBy),
  ]);
  // Without any dimension the one row is the total.
  const listed = titles.length === 0 ? [] : cells;
  const totals = [...titles.map((_, at) => (at === 0 ? 'total' : '')), ...usageCells(total, rankBy)];
  const told = new Set(rows.map((row) => JSON.stringify(row.values))).size;
  const left = Number(combinations) - told;
  const lines = [
    rows.length === 0 || total?.count === 0n
      ? NOTHING
      : table([...titles.map((title) => ({ title })), ...usageColumns(rankBy)], listed, { last: totals, width }),
    left > 0 ? `${whole(told)} of ${whole(combinations)} combinations are listed; the total has all: see --limit` : '',
    `${timeLine(since, until)}${resolution === undefined ? '' : `, from spans of ${period(durationMs(resolution))}`}`,
    completenessLine(completeness, total?.count),
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function startOf({ start }: UsageRow, hasSteps: boolean): string[] {
  return hasSteps ? [moment(msOf(start))] : [];
}
