/**
 * Decides when a connection writes: the output of a batch of frames at the end of the batch, all at once; any other
 * output before the next turn of the loop.
 */
export class WriteScheduler {
  #inBatch = false;
  #isScheduled = false;
  readonly #write: () => void;

  /** @param write writes what was put out, and never throws */
  constructor(write: () => void) {
    this.#write = write;
  }

  begin(): void {
    this.#inBatch = true;
  }

  end(): void {
    this.#inBatch = false;
    this.#write();
  }

  /** Something was put out: it is written in time. */
  touch(): void {
    if (this.#inBatch || this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }
}
