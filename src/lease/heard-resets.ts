import type { Debit } from '../script/script-call.ts';

/** For each counter of a descriptor, the epoch of the last reset that this replica has heard of, and when it heard. */
export class HeardResets {
  readonly #last: { readonly epoch: number; readonly mono: number }[] = [];

  /** Returns whether it is news. */
  hear(counter: number, epoch: number, mono: number): boolean {
    if (epoch <= (this.#last[counter]?.epoch ?? 0)) return false;
    this.#last[counter] = { epoch, mono };
    return true;
  }

  /**
   * Whether a reset came in between: the question was asked before this replica heard of the reset, and the answer is
   * of an earlier epoch.
   */
  voids({ epochs, asked }: Pick<Debit, 'epochs' | 'asked'>): boolean {
    return epochs.some((epoch, counter) => {
      const reset = this.#last[counter];
      return reset !== undefined && asked.mono <= reset.mono && epoch < reset.epoch;
    });
  }
}
