import type { Cube } from '../rollup/cube.ts';
import type { Measured } from '../rollup/slot-table.ts';
import { DIMENSIONS } from '../rollup/slot.ts';
import type { Dimension, SlotCompleteness } from '../rollup/slot.ts';
import type { Entry } from './entry.ts';
import type { RequestKey } from './request-key.ts';

/** Counts requests that ended in slots. */
export class CubeFeed {
  readonly #cube: () => Cube | undefined;
  /** One object, overwritten for each request. */
  readonly #measured: Measured = {
    count: 1,
    requestBytes: 0,
    responseBytes: 0,
    policyMs: 0,
    durationMs: undefined,
  };

  /** @param cube undefined until there is a taker of slots */
  constructor(cube: () => Cube | undefined) {
    this.#cube = cube;
  }

  get isWanted(): boolean {
    return this.#cube() !== undefined;
  }

  /** To be called before entries that arrived together are counted. */
  tick(): void {
    this.#cube()?.tick();
  }

  /** @param key the key of the entry */
  ended(entry: Entry, { texts }: RequestKey): void {
    const cube = this.#cube();
    if (cube === undefined) return;
    const measured = this.#measured;
    const { durationMs, decisionMs } = entry;
    measured.requestBytes = entry.requestHeaderBytes + entry.requestBodyBytes;
    measured.responseBytes = entry.responseHeaderBytes + entry.responseBodyBytes;
    measured.policyMs = Number.isNaN(decisionMs) ? 0 : decisionMs;
    measured.durationMs = Number.isNaN(durationMs) ? undefined : durationMs;
    cube.add(texts, measured);
  }
}

/** News about the decisions of one span, to add to earlier news: any number may be negative. */
export interface SpanOfDecisions extends SlotCompleteness {
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  /** Decisions that were not reported. Below zero: some were reported after all. */
  readonly rows: Iterable<Readonly<Partial<Record<Dimension, string>>> & { readonly count: number }>;
}

/** Adds to slots how complete they are. `unreported` decisions are rows in the slot in which they were taken. */
export function tellDecisions(cube: Cube, spans: Iterable<SpanOfDecisions>): void {
  for (const span of spans) {
    cube.complete(span.startMs, span);
    for (const row of span.rows) {
      const key = DIMENSIONS.map((dimension) => (dimension === 'outcome' ? 'unreported' : (row[dimension] ?? '')));
      const { count } = row;
      cube.correct(span.startMs, key, { count, requestBytes: 0, responseBytes: 0, policyMs: 0, durationMs: undefined });
    }
  }
}
