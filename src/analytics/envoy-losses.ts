/** Decisions of one Envoy whose wait for an entry is over. */
export interface EnvoyLoss {
  /** Its address, as callers reach it; empty if Checks do not say it. */
  readonly envoy: string;
  /** Those of which it is known whether their entry has come. */
  readonly decided: number;
  /** Of those: without an entry. */
  readonly unreported: number;
}

/** The same, of a span of time. */
export interface EnvoyLossIn extends EnvoyLoss {
  /** Of the decisions: milliseconds since the Unix epoch. */
  readonly startMs: number;
}

const SPAN_MS = 300_000;
const DAY_MS = 86_400_000;
/** Of all spans: some 5 MB. Beyond it the oldest spans go, and the newest one stays. */
const MOST_COUNTS = 50_000;

interface Counts {
  decided: number;
  unreported: number;
}

/** Which Envoys lose entries, for a day, in spans of five minutes. */
export class EnvoyLosses {
  readonly #now: () => number;
  readonly #mostCounts: number;
  /** By the start of the span, oldest first but for clocks that are set. */
  readonly #spans = new Map<number, Map<string, Counts>>();
  #counts = 0;

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number, mostCounts = MOST_COUNTS) {
    this.#now = now;
    this.#mostCounts = mostCounts;
  }

  add({ envoy, decided, unreported, startMs }: EnvoyLossIn): void {
    const start = Math.floor(startMs / SPAN_MS) * SPAN_MS;
    let span = this.#spans.get(start);
    if (span === undefined) this.#spans.set(start, (span = new Map()));
    const counts = span.get(envoy);
    if (counts === undefined) {
      span.set(envoy, { decided, unreported });
      this.#counts += 1;
      this.#bound();
    } else {
      counts.decided += decided;
      counts.unreported += unreported;
    }
  }

  /** Those that have lost any, the most first; of the spans of which any is in the time. */
  between(sinceMs: number, untilMs: number): readonly EnvoyLoss[] {
    const oldest = Math.max(sinceMs, this.#now() - DAY_MS);
    const sums = new Map<string, Counts>();
    for (const [start, span] of this.#spans) {
      if (start + SPAN_MS <= oldest || start >= untilMs) continue;
      for (const [envoy, { decided, unreported }] of span) {
        const sum = sums.get(envoy) ?? { decided: 0, unreported: 0 };
        sum.decided += decided;
        sum.unreported += unreported;
        sums.set(envoy, sum);
      }
    }
    return [...sums]
      .flatMap(([envoy, sum]) => (sum.unreported > 0 ? [{ envoy, ...sum }] : []))
      .toSorted((a, b) => b.unreported - a.unreported);
  }

  #bound(): void {
    const oldest = this.#now() - DAY_MS;
    for (const [start, span] of this.#spans) {
      const isOld = start + SPAN_MS <= oldest;
      if (!isOld && (this.#counts <= this.#mostCounts || this.#spans.size === 1)) return;
      this.#spans.delete(start);
      this.#counts -= span.size;
    }
  }
}
