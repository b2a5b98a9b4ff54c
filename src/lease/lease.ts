import type { Moment } from '../clock.ts';
import type { Debit, WindowReply, TakeReply } from '../script/script-call.ts';

// Units that a replica has debited and not yet spent.
//
// A lease belongs to the windows it was debited from, and dies with the first of them. Redis measured the remaining
// time at some moment between the question and the answer, so the time counts from the question: however long the trip
// took, the lease dies before its window does. Every use checks the monotonic and the wall clock, because the first
// stands still while a machine sleeps, and the second can be set back; the stricter one decides. Neither is compared
// with Redis's clock, so a replica whose clock is wrong gets the same result.

/** A replica's clock and Redis's may drift apart: 1 in 1000, twice what NTP corrects by slewing. */
const DRIFT = 0.001;
/** Redis and this code both round to milliseconds. */
const MARGIN_MS = 1;
/**
 * A lease lives at most this long after a reset, even if the message of the reset is lost: the next lease brings the
 * new epoch.
 */
const LONGEST_LIFE_MS = 1000;

/** Units of one counter that leases of this replica hold, spent by nobody yet. */
export interface LeasedUnits {
  units: number;
}

const NOTHING: Debit = { units: 0, epochs: [], windows: [], asked: { mono: 0, wall: 0 } };

export class Lease {
  readonly #leased: readonly LeasedUnits[];
  #units = 0;
  #debit = NOTHING;
  #diesMono = -Infinity;
  #diesWall = -Infinity;

  /** @param leased one a counter it is debited from */
  constructor(leased: readonly LeasedUnits[] = []) {
    this.#leased = leased;
  }

  /** Units that are debited, including those of a dead lease that have not been returned yet. */
  get debited(): number {
    return this.#units;
  }

  /** Units that can be spent now. */
  units(now: Moment): number {
    return this.isAlive(now) ? this.#units : 0;
  }

  isAlive({ mono, wall }: Moment): boolean {
    return mono < this.#diesMono && wall < this.#diesWall;
  }

  /** When it dies, in monotonic milliseconds, unless the wall clock ends it earlier. */
  get diesMono(): number {
    return this.#diesMono;
  }

  /** Spends units, all or none. */
  spend(units: number, now: Moment): boolean {
    if (units > this.#units || !this.isAlive(now)) return false;
    this.#change(-units);
    return true;
  }

  /** Adds a debit. Returns unspent units that were debited from other windows. */
  add(debit: Debit): Debit | undefined {
    const remainder = sameWindows(this.#debit, debit) ? undefined : this.drop();
    const livesMs = livesFor(debit.windows);
    this.#debit = debit;
    this.#change(debit.units);
    this.#diesMono = debit.asked.mono + livesMs;
    this.#diesWall = debit.asked.wall + livesMs;
    return remainder;
  }

  /** Ends it and returns what is unspent. */
  drop(): Debit | undefined {
    const remainder = this.#units > 0 ? { ...this.#debit, units: this.#units } : undefined;
    this.#change(-this.#units);
    this.#diesMono = -Infinity;
    this.#diesWall = -Infinity;
    return remainder;
  }

  #change(by: number): void {
    this.#units += by;
    for (let k = 0; k < this.#leased.length; k++) (this.#leased[k] as LeasedUnits).units += by;
  }
}

/**
 * Milliseconds from the question until the first window ends, minus the possible error of clocks; at most the time that
 * a reset may be late.
 */
function livesFor(windows: TakeReply['windows']): number {
  let leftUs = Infinity;
  for (const list of windows) for (const window of list) leftUs = Math.min(leftUs, window.leftUs);
  return Math.min((leftUs / 1000) * (1 - DRIFT) - MARGIN_MS, LONGEST_LIFE_MS);
}

function sameWindows(a: Debit, b: Debit): boolean {
  return (
    a.epochs.length === b.epochs.length &&
    a.epochs.every((epoch, i) => epoch === b.epochs[i]) &&
    a.windows.every((list, i) => sameEnds(list, b.windows[i] ?? []))
  );
}

function sameEnds(a: readonly WindowReply[], b: readonly WindowReply[]): boolean {
  return a.length === b.length && a.every(({ endUs }, i) => endUs === b[i]?.endUs);
}
