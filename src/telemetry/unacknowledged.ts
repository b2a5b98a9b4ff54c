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

/** Keeps slots that are not acknowledged where they outlive the process. None of its methods throws or rejects. */
export interface SlotSpool {
  /** Resolves to whether the slot is kept now. */
  keep(slot: Slot): Promise<boolean>;
  /** Undefined: it can't be read any more. */
  load(epoch: string, sequence: number): Promise<Slot | undefined>;
  remove(epoch: string, sequence: number): void;
}

interface Pending {
  readonly epoch: string;
  readonly sequence: number;
  /** What of it is in memory; undefined: it is in the spool alone. */
  slot: Slot | undefined;
  isHollow: boolean;
  isSpooled: boolean;
  isSent: boolean;
}

/**
 * Slots that are not acknowledged yet, in order. The queue is bounded. Beyond the bound, the oldest slots lose their
 * rows and report their decisions as unknown, so that the gap is visible. Then the oldest slots are dropped. What is in
 * the spool is not lost: only its rows are no longer in memory.
 */
export class UnacknowledgedSlots implements SlotTaker {
  readonly #mostRows: number;
  readonly #spool: SlotSpool | undefined;
  readonly #pending = new Map<string, Map<number, Pending>>();
  /** Those that were not sent on this stream, the oldest first. */
  #unsent = new Set<Pending>();
  #size = 0;
  #rows = 0;
  readonly #losses = { hollowed: 0, dropped: 0, refused: 0 };
  #wake: () => void = () => {};

  /** @param mostRows the most rows of all slots together; a row takes some 300 bytes */
  constructor(mostRows: number, spool?: SlotSpool) {
    this.#mostRows = mostRows;
    this.#spool = spool;
  }

  take(slot: Slot): void {
    const { epoch, sequence } = slot;
    const pending: Pending = { epoch, sequence, slot, isHollow: false, isSpooled: false, isSent: false };
    this.#add(pending);
    if (this.#rows > this.#mostRows) this.#shrink();
    void this.#spool?.keep(slot).then((isKept) => this.#spooled(pending, isKept));
    this.#wake();
  }

  /** Takes what an earlier process has left in the spool. To be called before {@link take}. */
  restore(spooled: readonly { readonly epoch: string; readonly sequence: number }[]): void {
    for (const { epoch, sequence } of spooled)
      this.#add({ epoch, sequence, slot: undefined, isHollow: false, isSpooled: true, isSent: false });
    if (this.#rows > this.#mostRows) this.#shrink();
    this.#wake();
  }

  /** The spool has no room for it any more. */
  unspooled(epoch: string, sequence: number): void {
    const found = this.#pending.get(epoch)?.get(sequence);
    if (found === undefined) return;
    found.isSpooled = false;
    if (found.slot === undefined) this.#drop(found);
  }

  get losses(): Losses {
    return { ...this.#losses };
  }

  get size(): number {
    return this.#size;
  }

  /** Starts again at the oldest slot, for a new stream. */
  rewind(): void {
    this.#unsent = new Set(this.#all());
    for (const each of this.#unsent) each.isSent = false;
  }

  /** Returns the oldest slot that was not sent since the last {@link rewind}. */
  async next(): Promise<Slot | undefined> {
    for (const each of this.#unsent) {
      this.#unsent.delete(each);
      each.isSent = true;
      const slot = each.slot ?? (await this.#spool?.load(each.epoch, each.sequence));
      if (slot !== undefined) return slot;
      // It may have been acknowledged meanwhile.
      if (this.#pending.get(each.epoch)?.get(each.sequence) === each) this.#drop(each);
    }
    return undefined;
  }

  /** Resolves when there may be a slot to send. */
  more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  /** @param through all sequences of the epoch up to here, and those in `beyond`, are stored */
  acknowledge(epoch: string, through: number, beyond: readonly number[]): void {
    const own = this.#pending.get(epoch);
    if (own === undefined) return;
    for (const [sequence, pending] of own) {
      if (sequence > through) break;
      this.#remove(pending);
    }
    for (const sequence of beyond) {
      const found = own.get(sequence);
      if (found !== undefined) this.#remove(found);
    }
  }

  /** The control plane refused the slot for good, so it is not sent again. */
  refuse(epoch: string, sequence: number): void {
    const found = this.#pending.get(epoch)?.get(sequence);
    if (found === undefined) return;
    this.#remove(found);
    this.#losses.refused += 1;
  }

  *#all(): Iterable<Pending> {
    for (const own of this.#pending.values()) yield* own.values();
  }

  #add(pending: Pending): void {
    const own = this.#pending.get(pending.epoch) ?? new Map<number, Pending>();
    this.#pending.set(pending.epoch, own);
    own.set(pending.sequence, pending);
    this.#unsent.add(pending);
    this.#size += 1;
    this.#rows += weightOf(pending);
  }

  #spooled(pending: Pending, isKept: boolean): void {
    if (!isKept) return;
    // It may have been acknowledged while it was written.
    if (this.#pending.get(pending.epoch)?.get(pending.sequence) !== pending) {
      this.#spool?.remove(pending.epoch, pending.sequence);
      return;
    }
    pending.isSpooled = true;
    if (!pending.isHollow) return;
    this.#rows -= weightOf(pending);
    pending.slot = undefined;
    pending.isHollow = false;
    this.#rows += weightOf(pending);
    this.#losses.hollowed -= 1;
  }

  #remove(pending: Pending): void {
    const { epoch, sequence } = pending;
    const own = this.#pending.get(epoch);
    own?.delete(sequence);
    if (own?.size === 0) this.#pending.delete(epoch);
    this.#unsent.delete(pending);
    this.#size -= 1;
    this.#rows -= weightOf(pending);
    if (pending.isSpooled) this.#spool?.remove(epoch, sequence);
  }

  #drop(pending: Pending): void {
    this.#remove(pending);
    this.#losses.dropped += 1;
  }

  #shrink(): void {
    for (const each of this.#all()) {
      if (this.#rows <= this.#mostRows) return;
      // A slot that was sent may already be stored with its rows.
      if (each.slot === undefined || each.isHollow || each.isSent) continue;
      this.#rows -= weightOf(each);
      if (each.isSpooled) each.slot = undefined;
      else {
        each.slot = hollow(each.slot);
        each.isHollow = true;
        this.#losses.hollowed += 1;
      }
      this.#rows += weightOf(each);
    }
    for (const each of this.#all()) {
      if (this.#rows <= this.#mostRows) return;
      this.#drop(each);
    }
  }
}

function weightOf({ slot }: Pending): number {
  return ROWS_OF_A_SLOT + (slot?.rows.length ?? 0);
}

/** Returns the slot without its rows. All of its decisions count as unknown. */
function hollow(slot: Slot): Slot {
  const { decided } = slot.completeness;
  return { ...slot, rows: [], folded: 0, completeness: { decided, reported: 0, unreported: 0, unknown: decided } };
}
