import type { AlertRule } from '../../src/alerts/rule.ts';
import { bucketOf, mergeBuckets } from '../../src/rollup/histogram.ts';
import type { Answer, AnswerRow, Counted, Question, SlotArchive } from '../../src/rollup/question.ts';
import type { Dimension, SlotCompleteness } from '../../src/rollup/slot.ts';

/** Requests of one key in one slot. */
export type Requests = Partial<Record<Dimension, string>> & { readonly count: number; readonly durationMs?: number };

const NOTHING: Counted = {
  count: 0,
  requestBytes: 0,
  responseBytes: 0,
  durationCount: 0,
  durationMs: 0,
  policyMs: 0,
  durations: [],
  errors: 0,
  denials: 0,
};

/** Slots in memory: what was counted, and answers about it. */
export class Story implements SlotArchive {
  readonly #slots: { startMs: number; requests: Requests }[] = [];
  readonly #completeness: ({ startMs: number } & SlotCompleteness)[] = [];
  /** Why nothing can be asked. */
  failure: string | undefined;
  /** Nothing is kept of what was before. */
  oldestMs = 0;

  add(startMs: number, requests: Requests): void {
    this.#slots.push({ startMs, requests });
  }

  addCompleteness(startMs: number, part: Partial<SlotCompleteness>): void {
    this.#completeness.push({ decided: 0, reported: 0, unreported: 0, unknown: 0, ...part, startMs });
  }

  ask(question: Question): Promise<Answer> {
    if (this.failure !== undefined) return Promise.reject(new Error(this.failure));
    const { sinceMs, untilMs, where, by } = question;
    const isInTime = ({ startMs }: { startMs: number }): boolean => startMs >= sinceMs && startMs < untilMs;
    const rows = new Map<string, AnswerRow>();
    for (const { startMs, requests } of this.#slots) {
      if (!isInTime({ startMs })) continue;
      const has = (dimension: Dimension): string => requests[dimension] ?? '';
      if (!where.every(({ dimension, values, isExcluded }) => values.includes(has(dimension)) !== isExcluded)) continue;
      const values = by.map(has);
      const key = JSON.stringify(values);
      rows.set(key, { ...added(rows.get(key) ?? NOTHING, requests), values });
    }
    const parts = this.#completeness.filter(isInTime);
    const sum = (field: keyof SlotCompleteness): number => parts.reduce((all, part) => all + part[field], 0);
    return Promise.resolve({
      sinceMs: Math.max(sinceMs, this.oldestMs),
      untilMs,
      periodMs: 10_000,
      rows: [...rows.values()],
      total: [...rows.values()].reduce<Counted>((all, row) => merged(all, row), NOTHING),
      combinations: rows.size,
      completeness: {
        decided: sum('decided'),
        reported: sum('reported'),
        unreported: sum('unreported'),
        unknown: sum('unknown'),
      },
      folded: 0,
    });
  }
}

function added(to: Counted, { count, durationMs, status = '200', outcome = 'processed' }: Requests): Counted {
  const isTimed = durationMs !== undefined;
  return merged(to, {
    ...NOTHING,
    count,
    durationCount: isTimed ? count : 0,
    durationMs: isTimed ? durationMs * count : 0,
    durations: isTimed ? [bucketOf(durationMs), count] : [],
    errors: status.startsWith('5') ? count : 0,
    denials: outcome === 'blocked' ? count : 0,
  });
}

function merged(one: Counted, other: Counted): Counted {
  return {
    count: one.count + other.count,
    requestBytes: 0,
    responseBytes: 0,
    durationCount: one.durationCount + other.durationCount,
    durationMs: one.durationMs + other.durationMs,
    policyMs: 0,
    durations: mergeBuckets(one.durations, other.durations),
    errors: one.errors + other.errors,
    denials: one.denials + other.denials,
  };
}

export function rule(fields: Partial<AlertRule> = {}): AlertRule {
  return {
    name: 'busy',
    metric: 'requests',
    apis: ['orders'],
    isEveryApi: false,
    filter: {},
    statistic: 'p95',
    objective: 0,
    operator: 'above',
    threshold: 100,
    windowMs: 60_000,
    shortWindowMs: 0,
    forMs: 0,
    severity: 'warning',
    notify: ['ops'],
    ...fields,
  };
}
