import { mergeBuckets, quantileOf } from '../rollup/histogram.ts';
import type { Answer, AnswerRow, Condition, Question, SlotArchive } from '../rollup/question.ts';
import type { Dimension } from '../rollup/slot.ts';
import type { AlertFilter, AlertRule } from './rule.ts';

/** What a rule has measured for one subject: an API, or one quota. */
export interface Measured {
  /** Identifies the subject within the rule, such as `{api: orders}`. */
  readonly labels: Readonly<Record<string, string>>;
  /** In the unit of the rule. Undefined: nothing could be measured, such as a response time without requests. */
  readonly value: number | undefined;
}

/** How much of one window of its quota a contract has used now. */
export interface QuotaUse {
  /** The same labels as in Prometheus: `api`, `contract`, `policy`, `window`. */
  readonly labels: Readonly<Record<'api' | 'contract' | 'policy' | 'window', string>>;
  /** The names of the client application and of the tier. */
  readonly client: string;
  readonly tier: string;
  /** As a part of 1. */
  readonly used: number;
}

/** The data that alerts are evaluated on. */
export interface AlertSources {
  readonly archive: SlotArchive;
  /**
   * The quotas of contracts with these APIs.
   * @throws (rejects) if they can't be read now
   */
  readonly quotas: (apis: readonly string[]) => Promise<readonly QuotaUse[]>;
}

/** More rows than any store has. */
const ALL_ROWS = 1_000_000;

export interface Reading {
  readonly measured: readonly Measured[];
  /** Whether the stored data covers the whole window. */
  readonly isWhole: boolean;
}

/**
 * Measures a rule up to a moment: one value for each of its subjects.
 * @throws (rejects) if the archive can't be read
 */
export async function measure(rule: AlertRule, sources: AlertSources, untilMs: number): Promise<Reading> {
  if (rule.metric === 'quotaUsed') return { measured: quotas(rule, await sources.quotas(rule.apis)), isWhole: true };
  const ask = (windowMs: number): Promise<Answer> => sources.archive.ask(questionOf(rule, untilMs - windowMs, untilMs));
  const answer = await ask(rule.windowMs);
  const isWhole = answer.sinceMs <= untilMs - rule.windowMs + answer.periodMs;
  if (rule.metric === 'completeness') return { measured: [{ labels: {}, value: completenessOf(answer) }], isWhole };
  const short = rule.metric === 'burnRate' ? byApi(await ask(rule.shortWindowMs)) : undefined;
  const rows = byApi(answer);
  const measured = rule.apis.map((api): Measured => {
    const value = valueOf(rule, rows.get(api) ?? []);
    if (short === undefined) return { labels: { api }, value };
    const recent = valueOf(rule, short.get(api) ?? []);
    // Both must be above the threshold, so the lower one decides.
    return {
      labels: { api },
      value: value === undefined || recent === undefined ? undefined : Math.min(value, recent),
    };
  });
  return { measured, isWhole };
}

function questionOf(rule: AlertRule, sinceMs: number, untilMs: number): Question {
  const { metric, filter } = rule;
  const own: Condition[] =
    metric === 'denials'
      ? [{ dimension: 'outcome', values: ['blocked'], isExcluded: false }]
      : // They were decided and never logged, so it is unknown whether there was a request.
        [{ dimension: 'outcome', values: ['unreported'], isExcluded: true }];
  const by: Dimension[] = metric === 'completeness' ? [] : filter.status === undefined ? ['api'] : ['api', 'status'];
  const ofApis: Condition[] =
    rule.apis.length === 0 ? [] : [{ dimension: 'api', values: rule.apis, isExcluded: false }];
  return {
    sinceMs,
    untilMs,
    by,
    where: [...ofApis, ...own, ...conditionsOf(filter)],
    order: 'count',
    most: ALL_ROWS,
  };
}

/** Conditions for all dimensions but the status, which is filtered in the answer: a class is many values. */
function conditionsOf(filter: AlertFilter): readonly Condition[] {
  return Object.entries(filter).flatMap(([dimension, values]) =>
    dimension === 'status' ? [] : [{ dimension: dimension as Dimension, values, isExcluded: false }],
  );
}

function byApi({ rows }: Answer): ReadonlyMap<string, readonly AnswerRow[]> {
  const found = new Map<string, AnswerRow[]>();
  for (const row of rows) {
    const [api = ''] = row.values;
    const known = found.get(api);
    if (known === undefined) found.set(api, [row]);
    else known.push(row);
  }
  return found;
}

function valueOf({ metric, statistic, objective, filter }: AlertRule, all: readonly AnswerRow[]): number | undefined {
  const { status } = filter;
  const rows = status === undefined ? all : all.filter(({ values: [, of = ''] }) => isAmong(of, status));
  const sum = (of: (row: AnswerRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const count = sum((row) => row.count);
  if (metric === 'requests' || metric === 'denials') return count;
  if (metric === 'responseTime') {
    if (statistic !== 'average') return quantileOf(mergedDurations(rows), shareOf(statistic));
    const timed = sum((row) => row.durationCount);
    return timed > 0 ? sum((row) => row.durationMs) / timed : undefined;
  }
  if (count <= 0) return undefined;
  const failed = sum((row) => row.errors) / count;
  return metric === 'burnRate' ? failed / (1 - objective) : failed;
}

/** `p95` as 0.95. */
function shareOf(statistic: string): number {
  return Number(statistic.slice(1)) / 100;
}

function mergedDurations(rows: readonly AnswerRow[]): readonly number[] {
  const [first, ...others] = rows;
  return others.reduce((merged, row) => mergeBuckets(merged, row.durations), first?.durations ?? []);
}

function isAmong(status: string, chosen: readonly string[]): boolean {
  return chosen.some(
    (each) => each === status || (each.endsWith('xx') && status.length === 3 && each[0] === status[0]),
  );
}

/** The share of reported decisions, among those whose state is known. */
function completenessOf({ completeness: { reported, unreported } }: Answer): number | undefined {
  return reported + unreported > 0 ? reported / (reported + unreported) : undefined;
}

function quotas({ filter }: AlertRule, uses: readonly QuotaUse[]): readonly Measured[] {
  return uses
    .filter(
      ({ client, tier, labels: { policy } }) =>
        (filter.client?.includes(client) ?? true) &&
        (filter.tier?.includes(tier) ?? true) &&
        (filter.policy?.includes(policy) ?? true),
    )
    .map(({ labels, used }) => ({ labels, value: used }));
}
