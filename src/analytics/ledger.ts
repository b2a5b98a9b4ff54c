import type { Clock } from '../clock.ts';
import { outcomeOf } from '../decision/decision.ts';
import type { Decision } from '../decision/decision.ts';
import type { CompletenessPart } from './completeness-part.ts';
import { DecidedSpan } from './decided-span.ts';
import type { Cell, Missing } from './decided-span.ts';
import type { SpanNow } from './mark.ts';
import { Pages } from './pages.ts';
import { Destinations } from './destinations.ts';
import type { Destination } from './destinations.ts';
import { FOLDED } from '../rollup/slot.ts';

/** A decision whose entry has not arrived within this time counts as unreported. Envoy sends at least once a second. */
const WAIT_MS = 60_000;

/** The most pages of settled decisions that are kept for late entries: 8 MB, 4 million decisions. */
const MOST_LATE_PAGES = 1024;

/** The most cells of settled spans that are kept for late entries. */
const MOST_LATE_CELLS = 50_000;

export interface LedgerOptions {
  readonly clock: Clock;
  /** The length of a span. Spans begin at multiples of it by the wall clock. */
  readonly spanMs: number;
  readonly waitMs?: number;
  /** Whether other processes could not report entries to us for some time since then, in monotonic milliseconds. */
  readonly isBroken: (since: number) => boolean;
  /** Called for each kind of missing decision when the wait for their entries is over; `startMs` is that of their span. */
  readonly settled: (cell: Cell, missing: Missing, startMs: number) => void;
}

/** The result for an id. `late` counts too, and corrects an earlier report. */
export type Credit = 'counted' | 'late' | 'repeated' | 'expired' | 'mismatched';

/** What an entry says of its decision, to be compared with the decision itself. */
export interface Claim {
  readonly api: string;
  readonly clientId: string;
  readonly decision: string;
}

/**
 * Records which decisions were taken, and which of them were reported. Equal decisions of one span of time share a
 * cell, which counts them. For each decision only the number of its cell is kept, so that its entry can be checked,
 * and counts once.
 */
export class Ledger {
  readonly #clock: Clock;
  readonly #spanMs: number;
  readonly #waitMs: number;
  readonly #settled: LedgerOptions['settled'];
  readonly #isBroken: LedgerOptions['isBroken'];
  readonly #pages = new Pages();
  readonly #destinations = new Destinations();
  /** In the order of their first sequence. The last span may not have ended. */
  #spans: DecidedSpan[] = [];
  #running: DecidedSpan | undefined;
  readonly #changed = new Set<DecidedSpan>();
  #given = 0;

  constructor({ clock, spanMs, waitMs = WAIT_MS, settled, isBroken }: LedgerOptions) {
    this.#settled = settled;
    this.#isBroken = isBroken;
    this.#clock = clock;
    this.#spanMs = spanMs;
    this.#waitMs = waitMs;
  }

  destination(name: string): Destination {
    return this.#destinations.named(name);
  }

  /** The number of decisions whose entries are awaited. */
  get open(): number {
    let open = 0;
    for (const span of this.#spans) if (!span.isSettled) open += span.decided - span.reported;
    return open;
  }

  /** @param sequence higher than any before */
  decided(sequence: number, decision: Decision, destination: string): void {
    const span = this.#running ?? this.#begin(sequence);
    this.#given = sequence + 1;
    this.#pages.note(sequence, span.count(decision, outcomeOf(decision), this.#destinations.named(destination)));
  }

  /**
   * To be called for the entry of a decision; its sequence was given by this process.
   * @param claim if it is known
   */
  credit(sequence: number, claim?: Claim): Credit {
    const number = this.#pages.cellOf(sequence);
    if (typeof number === 'string') return number;
    const span = this.#spanOf(sequence);
    const cell = span?.cells[number];
    if (span === undefined || cell === undefined) return 'expired';
    if (claim !== undefined && !isOf(cell, claim)) return 'mismatched';
    this.#pages.reported(sequence);
    cell.destination.hasReported = true;
    cell.reported += 1;
    span.reported += 1;
    this.#changed.add(span);
    if (!span.isSettled) return 'counted';
    span.correct(cell);
    return 'late';
  }

  /** Ends the current span, and returns the news since the last turn. */
  turn(): readonly CompletenessPart[] {
    const now = this.#clock.monotonic();
    if (this.#running !== undefined) {
      this.#running.end(now);
      this.#changed.add(this.#running);
      this.#running = undefined;
    }
    for (const [at, span] of this.#spans.entries()) {
      if (span.isSettled || now - span.endedAt < this.#waitMs) continue;
      const end = this.#spans[at + 1]?.first ?? this.#given;
      span.settle((cell) => {
        const missing = this.#missingOf(cell, span);
        this.#settled(cell, missing, span.startMs);
        return missing;
      });
      this.#pages.giveUp(span.first, end, (cell) => span.cells[cell] === undefined);
      this.#changed.add(span);
    }
    const parts = [...this.#changed].map((span) => span.tell());
    this.#changed.clear();
    this.#forget();
    return parts;
  }

  /** The spans as they are now, the oldest first. */
  now(): SpanNow[] {
    return this.#spans.map((span) => span.now());
  }

  #begin(sequence: number): DecidedSpan {
    const startMs = Math.floor(this.#clock.now() / this.#spanMs) * this.#spanMs;
    const span = new DecidedSpan(startMs, sequence);
    this.#spans.push(span);
    this.#running = span;
    return span;
  }

  /**
   * An Envoy that has sent no entry may have no access log, or send it elsewhere. And if an Envoy sent entries of
   * another process's decisions here, its entries of ours may have gone to that process.
   */
  #missingOf({ destination }: Cell, span: DecidedSpan): Missing {
    if (!destination.hasReported) return 'unknown';
    const isElsewhere = destination.foreignAt >= span.endedAt - this.#spanMs;
    return isElsewhere || this.#isBroken(span.endedAt - this.#spanMs) ? 'unknown' : 'unreported';
  }

  /** Bounds what is kept for late entries. */
  #forget(): void {
    let late = 0;
    let from = this.#spans.findIndex((span) => !span.isSettled);
    if (from < 0) from = this.#spans.length;
    const end = this.#spans[from]?.first ?? this.#given;
    const first = this.#pages.forget(end, MOST_LATE_PAGES);
    // Keeps the newest settled spans, so that the oldest are forgotten first.
    let keep = from;
    while (keep > 0) {
      const span = this.#spans[keep - 1] as DecidedSpan;
      late += span.lateCells;
      const spanEnd = this.#spans[keep]?.first ?? this.#given;
      if (spanEnd <= first || late > MOST_LATE_CELLS) break;
      keep -= 1;
    }
    if (keep > 0) this.#spans.splice(0, keep);
  }

  #spanOf(sequence: number): DecidedSpan | undefined {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle] as DecidedSpan).first <= sequence) low = middle + 1;
      else high = middle;
    }
    return this.#spans[low - 1];
  }
}

function isOf({ api, clientId, outcome }: Cell, claim: Claim): boolean {
  if (api === FOLDED) return true;
  return api === claim.api && clientId === claim.clientId && outcome === claim.decision;
}
