import type { Moment } from '../clock.ts';
import type { Debit, WindowReply, TakeReply } from '../script/script-call.ts';

// Units that a replica has debited and not yet spent.
//
// A lease belongs to the windows it was debited from, and dies with the first of them. How long that is,
// Redis told at some moment between the question and the answer, so the time is counted from the question:
// whatever the trip took, the lease dies before its window does. It is checked at every spending by the
// monotonic and the wall clock, the stricter: the first stands still while a machine sleeps, the second can be
// set back. Neither is compared with Redis's clock, so a replica whose clock is wrong gets the same result.

/** A replica's clock and Redis's may drift apart: 1 in 1000, twice what NTP corrects by slewing. */
const DRIFT = 0.001;
/** Redis and we round to milliseconds somewhere on the way. */
const MARGIN_MS = 1;
/** No lease outlives a reset for longer, whether its message arrives or not: a new one tells the epoch. */
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

  /** Units that are debited, also where the lease has died and they have not gone back yet. */
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

  /** Monotonic milliseconds when it dies, if the wall clock does not end it earlier. */
  get diesMono(): number {
    return this.#diesMono;
  }

  /** Spends units, all or none. */
  spend(units: number, now: Moment): boolean {
    if (units > this.#units || !this.isAlive(now)) return false;
    this.#change(-units);
    return true;
  }

  /** Adds what was debited. Returns what is unspent and debited from other windows. */
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

/** Milliseconds from the question until the first window ends, less what clocks may be wrong; never more than a reset may be late. */
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
