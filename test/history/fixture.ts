import { afterEach, beforeEach } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { History } from '../../src/history/history.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import type { Answer, Condition, Question } from '../../src/rollup/question.ts';
import type { Dimension } from '../../src/rollup/slot.ts';
import { DAY, NOON } from './slots.ts';

/** What the tests may do to time. */
export interface TestClock {
  nowMs: number;
  now(): number;
  monotonic(): number;
}

/** Opens a history; `database` is then its own, for a look inside. */
export type OpenHistory = (clock: TestClock) => Promise<{
  readonly history: History;
  readonly database: Database<HistoryTables>;
  /** Of another process, on the same database; undefined where none may be. */
  readonly other?: (() => Promise<History>) | undefined;
}>;

export const ORDERS_GET = {
  api: 'orders',
  route: '/orders/{id}',
  client: 'shop',
  tier: 'gold',
  method: 'GET',
  status: '200',
  outcome: 'processed',
};
export const ORDERS_FAILED = { ...ORDERS_GET, status: '503' };
export const PETS_DENIED = {
  api: 'pets',
  client: 'app',
  method: 'GET',
  status: '403',
  outcome: 'blocked',
  policy: 'quota',
  reason: 'quota_spent',
};

export function is(dimension: Dimension, ...values: string[]): Condition {
  return { dimension, values, isExcluded: false };
}

/** A history for each test, at noon. */
export class Fixture {
  clock: TestClock = { nowMs: NOON, now: () => this.clock.nowMs, monotonic: () => this.clock.nowMs };
  #opened: Awaited<ReturnType<OpenHistory>> | undefined;

  constructor(open: OpenHistory) {
    beforeEach(async () => {
      this.clock.nowMs = NOON;
      this.#opened = await open(this.clock);
    });
    afterEach(async () => {
      await this.#opened?.history.close();
    });
  }

  get opened(): Awaited<ReturnType<OpenHistory>> {
    if (this.#opened === undefined) throw new Error('no test is under way');
    return this.#opened;
  }

  get history(): History {
    return this.opened.history;
  }

  ask(question: Partial<Question>): Promise<Answer> {
    const whole = { sinceMs: NOON - DAY, untilMs: NOON + DAY };
    return this.history.ask({ by: [], where: [], order: 'count', most: 100, ...whole, ...question });
  }

  /** By values and the start of the step, how many. */
  async counts(question: Partial<Question>): Promise<Record<string, number>> {
    const { rows } = await this.ask(question);
    return Object.fromEntries(
      rows.map(({ values, startMs, count }) => [
        [...values, ...(startMs === undefined ? [] : [startMs])].join(' '),
        count,
      ]),
    );
  }
}
