import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TopRequest, TopRowSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Answer, Order, Question } from '../rollup/question.ts';
import type { Ask } from './analytics-desk.ts';
import { conditionsOf, dimensionOf, HOUR_MS, limitOf, orderOf } from './analytics-question.ts';
import { invalid, spanOf } from './time-range.ts';
import { amountOf, toUsage } from './usage.ts';

const USUAL_RANKS = 10;
const MOST_RANKS = 1000;

export interface Top {
  readonly question: Question;
  readonly answer: Answer;
  readonly rows: readonly MessageInitShape<typeof TopRowSchema>[];
}

/**
 * Asks for the time range, and for a range of the same length before it.
 * @throws RpcError
 */
export async function topOf(request: TopRequest, ask: Ask, nowMs: number): Promise<Top> {
  if (request.by === '') throw invalid('by: a dimension is required, such as client');
  const by = dimensionOf(request.by, 'by');
  const order = orderOf(request.rankBy);
  const span = spanOf(request.time, nowMs, HOUR_MS);
  const most = limitOf(request.limit, USUAL_RANKS, MOST_RANKS);
  const question: Question = { ...span, where: conditionsOf(request.where), by: [by], order, most };
  const answer = await ask(question);
  const before = await beforeOf(question, answer, ask);
  const rows = answer.rows.map((row) => {
    const [value = ''] = row.values;
    const share = shareOf(row, answer, order);
    const earlier = before?.get(value);
    return {
      value,
      usage: toUsage(row),
      ...(share !== undefined && { share }),
      ...(before !== undefined && { before: earlier === undefined ? {} : toUsage(earlier) }),
    };
  });
  return { question, answer, rows };
}

/** By value; undefined if the earlier range is not completely stored. */
async function beforeOf(
  question: Question,
  { rows, sinceMs, periodMs }: Answer,
  ask: Ask,
): Promise<ReadonlyMap<string, Answer['rows'][number]> | undefined> {
  const lengthMs = question.untilMs - question.sinceMs;
  const [by] = question.by;
  if (by === undefined || rows.length === 0 || sinceMs > question.sinceMs + periodMs) return undefined;
  const values = rows.map((row) => row.values[0] ?? '');
  const earlier: Question = {
    ...question,
    sinceMs: question.sinceMs - lengthMs,
    untilMs: question.sinceMs,
    where: [...question.where, { dimension: by, values, isExcluded: false }],
    order: 'count',
    most: values.length,
  };
  if (earlier.sinceMs < 0) return undefined;
  const answer = await ask(earlier);
  const isWhole = answer.sinceMs <= earlier.sinceMs + answer.periodMs && answer.completeness.decided > 0;
  return isWhole ? new Map(answer.rows.map((row) => [row.values[0] ?? '', row])) : undefined;
}

function shareOf(row: Answer['rows'][number], { total }: Answer, order: Order): number | undefined {
  const [part, whole] = [amountOf(row, order), amountOf(total, order)];
  return part === undefined || whole === undefined || whole <= 0 ? undefined : part / whole;
}
