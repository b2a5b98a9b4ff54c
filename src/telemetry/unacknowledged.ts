import type { Slot, SlotTaker } from '../rollup/slot.ts';

/** Of one slot: what it is worth to know it, before its rows. */
const ROWS_OF_A_SLOT = 2;

export interface Losses {
  /** Slots whose rows were given up: only how many decisions they had is still sent. */
  readonly hollowed: number;
  /** Slots that were given up as a whole. */
  readonly dropped: number;
  /** Slots that the control plane will never take. */
  readonly refused: number;
}

interface Pending {
  slot: Slot;
  isHollow: boolean;
  isSent: boolean;
}

/**
 * Slots that nobody has acknowledged yet, in their order. It is bounded: beyond the bound the oldest slots lose their rows,
 * and tell of their decisions that nobody can say how they ended; so the gap shows as one. Then the oldest are dropped.
 */
export class UnacknowledgedSlots implements SlotTaker {
  readonly #mostRows: number;
  readonly #pending = new Map<number, Pending>();
  #rows = 0;
  #epoch = '';
  #losses = { hollowed: 0, dropped: 0, refused: 0 };
  #wake: () => void = () => {};

  /** @param mostRows of all slots together; some 300 bytes each */
  constructor(mostRows: number) {
    this.#mostRows = mostRows;
  }

  take(slot: Slot): void {
    this.#epoch = slot.epoch;
    this.#pending.set(slot.sequence, { slot, isHollow: false, isSent: false });
    this.#rows += weightOf(slot);
    if (this.#rows > this.#mostRows) this.#shrink();
    this.#wake();
  }

  get losses(): Losses {
    return { ...this.#losses };
  }

  get size(): number {
    return this.#pending.size;
  }

  /** From here on all are to be sent again: on a new stream. */
  rewind(): void {
    for (const each of this.#pending.values()) each.isSent = false;
  }

  /** The oldest that has not been sent since the last {@link rewind}. */
  next(): Slot | undefined {
    for (const each of this.#pending.values()) {
      if (each.isSent) continue;
      each.isSent = true;
      return each.slot;
    }
    return undefined;
  }

  /** Resolves when there may be one to send. */
  more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  /** @param through all up to here, and those of `beyond`, are stored */
  acknowledge(epoch: string, through: number, beyond: readonly number[]): void {
    if (epoch !== this.#epoch) return;
    for (const sequence of this.#pending.keys()) {
      if (sequence > through) break;
      this.#remove(sequence);
    }
    for (const sequence of beyond) this.#remove(sequence);
  }

  /** It will never be taken, so it is not sent again. */
  refuse(epoch: string, sequence: number): void {
    if (epoch !== this.#epoch || !this.#pending.has(sequence)) return;
    this.#remove(sequence);
    this.#losses.refused += 1;
  }

  #remove(sequence: number): void {
    const found = this.#pending.get(sequence);
    if (found === undefined) return;
    this.#pending.delete(sequence);
    this.#rows -= weightOf(found.slot);
  }

  #shrink(): void {
    for (const each of this.#pending.values()) {
      if (this.#rows <= this.#mostRows) return;
      // What has been sent may be stored already, as it was.
      if (each.isHollow || each.isSent) continue;
      this.#rows -= weightOf(each.slot);
      each.slot = hollow(each.slot);
      each.isHollow = true;
      this.#rows += weightOf(each.slot);
      this.#losses.hollowed += 1;
    }
    for (const sequence of this.#pending.keys()) {
      if (this.#rows <= this.#mostRows) return;
      this.#remove(sequence);
      this.#losses.dropped += 1;
    }
  }
}

function weightOf({ rows }: Slot): number {
  return ROWS_OF_A_SLOT + rows.length;
}

/** Without its rows; of its decisions nobody can say how they ended. */
function hollow(slot: Slot): Slot {
  const { decided } = slot.completeness;
  return { ...slot, rows: [], folded: 0, completeness: { decided, reported: 0, unreported: 0, unknown: decided } };
}
