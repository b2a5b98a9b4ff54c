/** Monotonic milliseconds, read once for all frames that arrived together. */
export class BatchClock {
  /** When the batch of frames in hand arrived. */
  nowMs: number;
  /** Monotonic milliseconds at this moment. */
  readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
    this.nowMs = now();
  }

  tick(): void {
    this.nowMs = this.now();
  }
}
