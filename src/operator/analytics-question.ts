import { RankBy } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Condition as ConditionMessage, QueryRequest } from '../../gen/ostiary/v1/analytics_pb.js';
import { OUTCOMES } from '../analytics/outcome.ts';
import { didYouMean } from '../nearest.ts';
import type { Condition, Order, Question } from '../rollup/question.ts';
import { DIMENSIONS, FOLDED } from '../rollup/slot.ts';
import type { Dimension } from '../rollup/slot.ts';
import { invalid, lengthOf, spanOf } from './time-range.ts';

export const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;
const SHORTEST_STEP_MS = 10_000;
const MOST_STEPS = 5000;
/** The most rows of an answer: some 20 MB. */
const MOST_ROWS = 100_000;
const USUAL_COMBINATIONS = 100;
const MOST_COMBINATIONS = 10_000;
const MOST_CONDITIONS = 100;
const MOST_VALUES = 1000;

const ORDER_OF: Readonly<Record<RankBy, Order>> = {
  [RankBy.UNSPECIFIED]: 'count',
  [RankBy.REQUESTS]: 'count',
  [RankBy.ERRORS]: 'errors',
  [RankBy.DENIALS]: 'denials',
  [RankBy.DURATION]: 'duration',
  [RankBy.BYTES]: 'bytes',
};

/** @throws RpcError INVALID_ARGUMENT that names the field and what it may be */
export function questionOf(request: QueryRequest, nowMs: number): Question {
  const span = spanOf(request.time, nowMs, HOUR_MS);
  const by = request.by.map((name) => dimensionOf(name, 'by'));
  const twice = by.find((dimension, at) => by.indexOf(dimension) < at);
  if (twice !== undefined) throw invalid(`by: ${twice} is given twice`);
  const question = { ...span, where: conditionsOf(request.where), by, order: orderOf(request.rankBy) };
  const { limit } = request;
  if (request.step === undefined) return { ...question, most: limitOf(limit, USUAL_COMBINATIONS, MOST_COMBINATIONS) };
  const stepMs = lengthOf(request.step, 'step');
  if (stepMs < SHORTEST_STEP_MS || stepMs % SECOND_MS !== 0)
    throw invalid('step: expected whole seconds, at least 10s');
  const steps = Math.ceil((span.untilMs - span.sinceMs) / stepMs);
  if (steps > MOST_STEPS) {
    const longer = Math.ceil((span.untilMs - span.sinceMs) / MOST_STEPS / SECOND_MS);
    throw invalid(
      `step: there would be ${steps} steps, and at most ${MOST_STEPS} are told: ask for ${longer}s or more`,
    );
  }
  const room = Math.floor(MOST_ROWS / steps);
  if (limit > room) throw invalid(`limit: with ${steps} steps at most ${room}, since an answer has ${MOST_ROWS} rows`);
  return { ...question, stepMs, most: limitOf(limit, Math.min(USUAL_COMBINATIONS, room), MOST_COMBINATIONS) };
}

/** @throws RpcError INVALID_ARGUMENT */
export function dimensionOf(name: string, field: string): Dimension {
  const found = DIMENSIONS.find((dimension) => dimension === name);
  if (found !== undefined) return found;
  const hint = didYouMean(name, DIMENSIONS);
  throw invalid(`${field}: there is no dimension ${JSON.stringify(name)}${hint} (there are ${DIMENSIONS.join(', ')})`);
}

export function orderOf(rankBy: RankBy): Order {
  const order = ORDER_OF[rankBy] as Order | undefined;
  if (order === undefined) throw invalid(`rank_by: there is no rank ${String(rankBy)}`);
  return order;
}

export function limitOf(given: number, usual: number, most: number): number {
  if (given > most) throw invalid(`limit: expected at most ${most}`);
  return given === 0 ? usual : given;
}

/** @throws RpcError INVALID_ARGUMENT */
export function conditionsOf(given: readonly ConditionMessage[]): Condition[] {
  if (given.length > MOST_CONDITIONS) throw invalid(`where: expected at most ${MOST_CONDITIONS} conditions`);
  return given.map(({ dimension: name, values, excluded }) => {
    const dimension = dimensionOf(name, 'where');
    if (values.length === 0) throw invalid(`where: ${dimension} has no value to compare with`);
    if (values.length > MOST_VALUES) throw invalid(`where: ${dimension} has more than ${MOST_VALUES} values`);
    return { dimension, values: values.flatMap((value) => valuesOf(dimension, value)), isExcluded: excluded };
  });
}

/** The values of `outcome` in rows: those of entries, and that of decisions without an entry. */
const KNOWN_OUTCOMES: ReadonlySet<string> = new Set([...OUTCOMES, 'unreported', FOLDED, '']);

/** A value that no row can have is refused as a mistake: an empty answer would hide it. */
function valuesOf(dimension: Dimension, value: string): readonly string[] {
  if (dimension === 'outcome' && !KNOWN_OUTCOMES.has(value)) {
    const outcomes = [...OUTCOMES, 'unreported'];
    const hint = didYouMean(value, outcomes);
    throw invalid(`where: there is no outcome ${JSON.stringify(value)}${hint} (there are ${outcomes.join(', ')})`);
  }
  if (dimension !== 'status' || value === '' || value === FOLDED) return [value];
  const kind = /^([1-9])xx$/i.exec(value)?.[1];
  if (kind !== undefined) return Array.from({ length: 100 }, (_, at) => `${kind}${String(at).padStart(2, '0')}`);
  if (/^(?:0|[1-9]\d\d)$/.test(value)) return [value];
  throw invalid(`where: ${JSON.stringify(value)} is not a status: expected one such as 404, a class such as 5xx, or 0`);
}
