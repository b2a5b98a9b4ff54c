import type { Clock } from '../clock.ts';

/** A time in which requests were observed without a break, in milliseconds since the Unix epoch. */
export interface Watched {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** The most that the two clocks may drift between two looks. More means that the wall clock was set. */
const MOST_DRIFT_MS = 5000;
/** A restart that is shorter than this is not a break. */
export const MOST_BREAK_MS = 120_000;

/** Records for how long requests were observed, and notices when the wall clock is set. */
export class Watch {
  readonly #clock: Clock;
  #watched: Watched;
  #last: { readonly wall: number; readonly mono: number };

  /** @param before as it was stored at the last start */
  constructor(clock: Clock, before?: Watched) {
    this.#clock = clock;
    const wall = clock.now();
    this.#last = { wall, mono: clock.monotonic() };
    // Another machine, whose clock may be a little ahead, may have looked before.
    const breakMs = before === undefined ? Number.POSITIVE_INFINITY : wall - before.untilMs;
    const isUnbroken = breakMs >= -MOST_DRIFT_MS && breakMs <= MOST_BREAK_MS;
    this.#watched = { sinceMs: before !== undefined && isUnbroken ? before.sinceMs : wall, untilMs: wall };
  }

  get watched(): Watched {
    return this.#watched;
  }

  /** @returns how many milliseconds the wall clock was set forward since the last look; 0: it was not set */
  look(): number {
    const [wall, mono] = [this.#clock.now(), this.#clock.monotonic()];
    const driftMs = wall - this.#last.wall - (mono - this.#last.mono);
    this.#last = { wall, mono };
    const wasSet = Math.abs(driftMs) > MOST_DRIFT_MS;
    // What is counted by the wall clock has a gap then, or counts a time twice.
    this.#watched = { sinceMs: wasSet ? wall : this.#watched.sinceMs, untilMs: wall };
    return wasSet ? driftMs : 0;
  }
}
