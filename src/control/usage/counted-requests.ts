import type { Condition, Question, SlotArchive } from '../../rollup/question.ts';
import type { Lately } from './forecast.ts';

/** Which requests: of a client application to an API, as the data plane calls them. */
export interface Subject {
  readonly api: string;
  readonly client: string;
}

export interface PassedAndRefused {
  readonly passed: number;
  readonly refused: number;
  readonly overQuota: number;
}

const SPANS = 12;
const SHORTEST_SPAN_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/** What the history of requests has of one contract. */
export class CountedRequests {
  readonly #archive: SlotArchive;
  readonly #where: readonly Condition[];
  readonly #nowMs: number;

  constructor(archive: SlotArchive, { api, client }: Subject, nowMs: number) {
    this.#archive = archive;
    this.#where = [is('api', api), is('client', client)];
    this.#nowMs = nowMs;
  }

  async lastDay(): Promise<PassedAndRefused> {
    const { rows, total } = await this.#ask(this.#nowMs - DAY_MS, { by: ['reason'], most: 100 });
    const overQuota = rows.find(({ values: [reason] }) => reason === 'quota_spent')?.count ?? 0;
    return { passed: positive(total.count - total.denials), refused: positive(total.denials), overQuota };
  }

  /** How many were let pass since a time. */
  async passedSince(sinceMs: number): Promise<number> {
    const { total } = await this.#ask(sinceMs, { by: [], most: 1 });
    return positive(total.count - total.denials);
  }

  /** @returns undefined: there is no history of so long */
  async lately(lookBackMs: number): Promise<Lately | undefined> {
    const spanMs = Math.max(SHORTEST_SPAN_MS, lookBackMs / SPANS);
    // The last span is a whole one: what has just begun would look like a fall.
    const untilMs = Math.floor(this.#nowMs / spanMs) * spanMs;
    const sinceMs = untilMs - Math.max(1, Math.round(lookBackMs / spanMs)) * spanMs;
    const answer = await this.#ask(sinceMs, { by: [], most: 1, stepMs: spanMs }, untilMs);
    if (answer.sinceMs > sinceMs + spanMs) return undefined;
    const counts = Array.from({ length: Math.round((untilMs - sinceMs) / spanMs) }, () => 0);
    for (const { count, denials, startMs = sinceMs } of answer.rows) {
      const at = Math.floor((startMs - sinceMs) / spanMs);
      if (at >= 0 && at < counts.length) counts[at] = (counts[at] ?? 0) + positive(count - denials);
    }
    return { counts, spanMs };
  }

  #ask(sinceMs: number, how: Pick<Question, 'by' | 'most' | 'stepMs'>, untilMs = this.#nowMs) {
    return this.#archive.ask({ ...how, sinceMs, untilMs, where: this.#where, order: 'count' });
  }
}

function is(dimension: 'api' | 'client', value: string): Condition {
  return { dimension, values: [value], isExcluded: false };
}

function positive(value: number): number {
  return Math.max(0, Math.round(value));
}
