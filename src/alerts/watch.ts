import type { Clock } from '../clock.ts';

/** A time in which requests were watched without a break: milliseconds since the Unix epoch. */
export interface Watched {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Between the two clocks, from one look to the next: more means that the wall clock was set. */
const MOST_DRIFT_MS = 5000;
/** A restart within so long is no break. */
export const MOST_BREAK_MS = 120_000;

/** Knows for how long requests have been watched, and notices when somebody sets the clock. */
export class Watch {
  readonly #clock: Clock;
  #watched: Watched;
  #last: { readonly wall: number; readonly mono: number };

  /** @param before as it was kept at the last start */
  constructor(clock: Clock, before?: Watched) {
    this.#clock = clock;
    const wall = clock.now();
    this.#last = { wall, mono: clock.monotonic() };
    const isUnbroken = before !== undefined && wall >= before.untilMs && wall - before.untilMs <= MOST_BREAK_MS;
    this.#watched = { sinceMs: isUnbroken ? before.sinceMs : wall, untilMs: wall };
  }

  get watched(): Watched {
    return this.#watched;
  }

  /** @returns by how many milliseconds the wall clock was set since the last look; 0: not at all */
  look(): number {
    const [wall, mono] = [this.#clock.now(), this.#clock.monotonic()];
    const driftMs = wall - this.#last.wall - (mono - this.#last.mono);
    this.#last = { wall, mono };
    const wasSet = Math.abs(driftMs) > MOST_DRIFT_MS;
    // What is counted by the wall clock has a hole then, or counts a time twice.
    this.#watched = { sinceMs: wasSet ? wall : this.#watched.sinceMs, untilMs: wall };
    return wasSet ? driftMs : 0;
  }
}
