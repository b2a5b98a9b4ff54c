import { TopResponseSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { TopResponse, TopRow, Usage } from '../../../gen/ostiary/v1/analytics_pb.js';
import { UserError } from '../../errors.ts';
import { ask, commonOf, printJson, rankOf } from './asking.ts';
import { completenessJson, completenessLine } from './completeness.ts';
import { csv } from '../../csv.ts';
import type { Values } from './flags.ts';
import { table } from './table.ts';
import {
  isoOf,
  NOTHING,
  timeLine,
  USAGE_FIELDS,
  usageCells,
  usageColumns,
  usageFields,
  usageJson,
  valueText,
} from './usage.ts';
import { shortPercent, whole } from './units.ts';

/** `ostiary analytics top`. @throws UserError */
export async function printTop(values: Values, width: number): Promise<void> {
  const by = values.by ?? 'client';
  if (by.includes(','))
    throw new UserError(`--by is "${by}": top ranks one dimension; of several see analytics query`, 2);
  const answer = await ask('Top', { ...commonOf(values), by, rankBy: rankOf(values) }, TopResponseSchema, values);
  if (values.output === 'json') return printJson(toJson(answer));
  if (values.output === 'csv') {
    process.stdout.write(toCsv(answer));
    process.stderr.write(`${completenessLine(answer.completeness, answer.total?.count)}\n`);
    return;
  }
  process.stdout.write(toTable(answer, values, width));
}

function toJson({ since, until, by, rows, total, combinations, completeness }: TopResponse): object {
  return {
    since: isoOf(since),
    until: isoOf(until),
    rows: rows.map(({ value, share, usage, before }) => ({
      [by]: value,
      ...(share !== undefined && { share }),
      ...usageJson(usage),
      ...(before && { before: usageJson(before) }),
    })),
    total: usageJson(total),
    combinations: Number(combinations),
    completeness: completenessJson(completeness),
  };
}

function toCsv({ by, rows }: TopResponse): string {
  return csv(
    [by, 'share', ...USAGE_FIELDS, 'count_before'],
    rows.map(({ value, share, usage, before }) => [
      value,
      share,
      ...usageFields(usage),
      before && Number(before.count),
    ]),
  );
}

function toTable(
  { since, until, by, rows, total, combinations, completeness }: TopResponse,
  { rankBy }: Values,
  width: number,
): string {
  const left = Number(combinations) - rows.length;
  // What cannot be added up, such as a duration, has no shares; of a time before the history nothing is known.
  const share = rows.some((row) => row.share !== undefined) ? [{ title: 'share', isNumber: true }] : [];
  const trend = rows.some((row) => row.before !== undefined)
    ? [
        { title: 'before', isNumber: true, spare: 5 },
        { title: 'change', isNumber: true },
      ]
    : [];
  const columns = [{ title: '#', isNumber: true }, { title: by }, ...share, ...usageColumns(rankBy), ...trend];
  const cells = rows.map((row, at) => [
    String(at + 1),
    valueText(row.value),
    ...share.map(() => shareOf(row)),
    ...usageCells(row.usage, rankBy),
    ...trendOf(row).slice(0, trend.length),
  ]);
  const last = ['', 'all', ...share.map(() => ''), ...usageCells(total, rankBy), ...trend.map(() => '')];
  const lines = [
    rows.length === 0 ? NOTHING : table(columns, cells, { last, width }),
    rows.length === 0
      ? ''
      : `by ${rankBy === 'duration' ? 'mean duration' : rankBy}${left > 0 ? `; ${whole(left)} more, see --limit` : ''}`,
    timeLine(since, until),
    completenessLine(completeness, total?.count),
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function shareOf({ share }: TopRow): string {
  return share === undefined ? '' : shortPercent(share);
}

/** Requests in the time before, and how many more or fewer there are now. */
function trendOf({ usage, before }: TopRow): [string, string] {
  if (before === undefined) return ['–', ''];
  return [whole(before.count), changeOf(before, usage)];
}

function changeOf(before: Usage, now: Usage | undefined): string {
  const count = now?.count ?? 0n;
  if (before.count <= 0n) return count > 0n ? 'new' : '';
  const change = Number(count) / Number(before.count) - 1;
  if (change >= 10) return `×${whole(change + 1)}`;
  return `${change < 0 ? '−' : '+'}${Math.abs(change * 100).toFixed(0)} %`;
}
