import type { Slot, SlotTaker } from '../rollup/slot.ts';

/** The size of a slot without its rows, counted in rows. */
const ROWS_OF_A_SLOT = 2;

export interface Losses {
  /** Slots that lost their rows: only their number of decisions is still sent. */
  readonly hollowed: number;
  /** Slots that were dropped as a whole. */
  readonly dropped: number;
  /** Slots that the control plane refused for good. */
  readonly refused: number;
}

interface Pending {
  slot: Slot;
  isHollow: boolean;
  isSent: boolean;
}

/**
 * Slots that are not acknowledged yet, in order. The queue is bounded. Beyond the bound, the oldest slots lose their
 * rows and report their decisions as unreported, so that the gap is visible. Then the oldest slots are dropped.
 */
export class UnacknowledgedSlots implements SlotTaker {
  readonly #mostRows: number;
  readonly #pending = new Map<number, Pending>();
  #rows = 0;
  #epoch = '';
  #losses = { hollowed: 0, dropped: 0, refused: 0 };
  #wake: () => void = () => {};

  /** @param mostRows the most rows of all slots together; a row takes some 300 bytes */
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

  /** Starts again at the oldest slot, for a new stream. */
  rewind(): void {
    for (const each of this.#pending.values()) each.isSent = false;
  }

  /** Returns the oldest slot that was not sent since the last {@link rewind}. */
  next(): Slot | undefined {
    for (const each of this.#pending.values()) {
      if (each.isSent) continue;
      each.isSent = true;
      return each.slot;
    }
    return undefined;
  }

  /** Resolves when there may be a slot to send. */
  more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  /** @param through all sequences up to here, and those in `beyond`, are stored */
  acknowledge(epoch: string, through: number, beyond: readonly number[]): void {
    if (epoch !== this.#epoch) return;
    for (const sequence of this.#pending.keys()) {
      if (sequence > through) break;
      this.#remove(sequence);
    }
    for (const sequence of beyond) this.#remove(sequence);
  }

  /** The control plane refused the slot for good, so it is not sent again. */
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
      // A slot that was sent may already be stored with its rows.
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

/** Returns the slot without its rows. All of its decisions count as unreported. */
function hollow(slot: Slot): Slot {
  const { decided } = slot.completeness;
  return { ...slot, rows: [], folded: 0, completeness: { decided, reported: 0, unreported: 0, unknown: decided } };
}
