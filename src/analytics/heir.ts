import type { CompletenessPart } from './completeness-part.ts';
import type { Credit } from './ledger.ts';
import { Marker } from './mark.ts';
import type { Mark } from './mark.ts';
import { Seen } from './seen.ts';

/** Entries of a process that has ended are waited for as long as those of one that runs. */
const WAIT_MS = 60_000;
/** The accounts are kept for entries that come late. */
const KEEP_MS = 3_600_000;
/** Decisions after the mark are those of a second or so. */
const MOST_AFTER = 1_000_000;
const SPAN_MS = 10_000;

export interface HeirPorts {
  readonly monotonic: () => number;
  readonly now: () => number;
}

export interface HeirOptions {
  /** The number of the last slot of the process that was kept. */
  readonly through: number;
}

interface Span {
  readonly startMs: number;
  readonly first: number;
  decided: number;
  reported: number;
  unknown: number;
  told: { decided: number; reported: number; unknown: number };
}

/**
 * Keeps the accounts of a process that has ended, from its last mark on: entries of its decisions may still come. The rest is
 * unknown, and so is what was counted of entries that had come, where that was lost with the process.
 */
export class Heir {
  readonly epoch: number;
  readonly key: Buffer;
  readonly #mark: Mark;
  readonly #ports: HeirPorts;
  readonly #marker = new Marker();
  readonly #seen = new Seen();
  readonly #spans: Span[];
  readonly #since: number;
  /** For each span, what had been told of it before. */
  readonly #before: readonly Readonly<Span['told']>[];
  #isSettled = false;
  #isReturned = false;

  constructor(mark: Mark, { through }: HeirOptions, ports: HeirPorts) {
    this.epoch = mark.epoch;
    this.key = Buffer.from(mark.key, 'base64');
    this.#mark = mark;
    this.#ports = ports;
    this.#since = ports.monotonic();
    const isLater = through > (mark.slots.at(-1) ?? 0);
    const at = Math.max(
      0,
      mark.slots.findLastIndex((slots) => slots <= through),
    );
    this.#spans = mark.spans.map(({ startMs, first, decided, reported, missing, told }) => {
      // A slot that was given after the mark has told all that the mark knows.
      const [decidedTold = 0, reportedTold = 0, unknown = 0] = isLater
        ? [decided, reported, missing]
        : (told[at] ?? []);
      return {
        startMs,
        first,
        decided,
        reported: reportedTold,
        unknown: missing + reported - reportedTold,
        told: { decided: decidedTold, reported: reportedTold, unknown },
      };
    });
    const startMs = Math.floor(mark.madeAtMs / SPAN_MS) * SPAN_MS;
    const told = { decided: 0, reported: 0, unknown: 0 };
    if (!mark.isLast) this.#spans.push({ startMs, first: mark.given, decided: 0, reported: 0, unknown: 0, told });
    this.#before = this.#spans.map((span) => ({ ...span.told }));
  }

  /** The process lives after all, and tells everything itself: what was told here is taken back at the next turn. */
  giveBack(): void {
    this.#isReturned = true;
    for (const [at, span] of this.#spans.entries()) Object.assign(span, this.#before[at]);
  }

  /** Decisions whose entry may still come. */
  get open(): number {
    return this.#spans.reduce((sum, span) => sum + openOf(span), 0);
  }

  /** Decisions of which nobody will know, as far as is known now. */
  get unknown(): number {
    return this.#spans.reduce((sum, { unknown, told }) => sum + unknown - told.unknown, 0);
  }

  /** It has not ended as it should: decisions after its last mark are known only by their entries. */
  get wasKilled(): boolean {
    return !this.#mark.isLast;
  }

  /** See {@link giveBack}. */
  get isReturned(): boolean {
    return this.#isReturned;
  }

  get isDone(): boolean {
    return this.#isReturned || this.#ports.monotonic() - this.#since >= KEEP_MS;
  }

  claim(sequences: readonly number[]): Credit[] {
    return sequences.map((sequence) => this.#claim(sequence));
  }

  /** What is to be added to what was told. */
  turn(): CompletenessPart[] {
    if (!this.#isReturned && !this.#isSettled && this.#ports.monotonic() - this.#since >= WAIT_MS) {
      this.#isSettled = true;
      for (const span of this.#spans) span.unknown += openOf(span);
    }
    const parts: CompletenessPart[] = [];
    for (const span of this.#spans) {
      const { startMs, decided, reported, unknown, told } = span;
      span.told = { decided, reported, unknown };
      const part = {
        decided: decided - told.decided,
        reported: reported - told.reported,
        unreported: 0,
        unknown: unknown - told.unknown,
      };
      if (Object.values(part).some((amount) => amount !== 0)) parts.push({ startMs, ...part, rows: [] });
    }
    return parts;
  }

  /** The accounts as they are now, should their keeper end. */
  mark({ node, teller }: Pick<Mark, 'node' | 'teller'>, slots: number): Mark {
    const now = this.#spans.map(({ startMs, first, decided, reported, unknown, told }) => ({
      startMs,
      first,
      decided,
      reported,
      missing: unknown,
      told: [told.decided, told.reported, told.unknown],
    }));
    const given = this.#mark.isLast ? this.#mark.given : this.#mark.given + (this.#spans.at(-1)?.decided ?? 0);
    return { ...this.#mark, node, teller, given, ...this.#marker.mark(now, slots) };
  }

  #claim(sequence: number): Credit {
    if (this.#isReturned) return 'expired';
    const span = this.#spans.findLast(({ first }) => first <= sequence);
    const isAfter = sequence >= this.#mark.given;
    if (span === undefined || (isAfter && (this.#mark.isLast || sequence >= this.#mark.given + MOST_AFTER)))
      return 'expired';
    const before = this.#seen.add(sequence);
    if (before !== 'new') return before;
    if (isAfter) {
      const decided = Math.max(span.decided, sequence - span.first + 1);
      // Those between were decided too.
      if (this.#isSettled) span.unknown += decided - span.decided;
      span.decided = decided;
    }
    if (openOf(span) > 0) {
      span.reported += 1;
      return 'counted';
    }
    if (!this.#isSettled || span.unknown === 0) return 'repeated';
    span.unknown -= 1;
    span.reported += 1;
    return 'late';
  }
}

function openOf({ decided, reported, unknown }: Span): number {
  return Math.max(0, decided - reported - unknown);
}
