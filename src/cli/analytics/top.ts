import { TopResponseSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { TopResponse, TopRow, Usage } from '../../../gen/ostiary/v1/analytics_pb.js';
import { UserError } from '../../errors.ts';
import { ask, commonOf, printJson, rankOf } from './asking.ts';
import { completenessJson, completenessLine } from './completeness.ts';
import { csv } from './csv.ts';
import type { Values } from './flags.ts';
import { table } from './table.ts';
import {
  isoOf,
  timeLine,
  USAGE_COLUMNS,
  USAGE_FIELDS,
  usageCells,
  usageFields,
  usageJson,
  valueText,
} from './usage.ts';
import { percent, whole } from './units.ts';

/** `ostiary analytics top`. @throws UserError */
export async function printTop(values: Values): Promise<void> {
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
  process.stdout.write(toTable(answer, values));
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
): string {
  const number = (title: string) => ({ title, isNumber: true });
  const left = Number(combinations) - rows.length;
  const columns = [number('#'), { title: by }, number('share'), ...USAGE_COLUMNS, number('before'), number('change')];
  const lines = [
    table(
      columns,
      rows.map((row, at) => [
        String(at + 1),
        valueText(row.value),
        shareOf(row),
        ...usageCells(row.usage),
        ...trendOf(row),
      ]),
      ['', 'all', '', ...usageCells(total), '', ''],
    ),
    `by ${rankBy}${left > 0 ? `; ${whole(left)} more, see --limit` : ''}`,
    timeLine(since, until),
    completenessLine(completeness, total?.count),
  ];
  return `${lines.join('\n')}\n`;
}

function shareOf({ share }: TopRow): string {
  return share === undefined ? '' : percent(share);
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
