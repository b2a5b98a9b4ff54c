import type { Clock, Timers } from '../../src/clock.ts';

/** Time that passes when a test says so. */
export class ManualTime implements Clock, Timers {
  /** 2026-01-01T00:00:00Z, so that tokens have believable dates. */
  wallMs = 1_767_225_600_000;
  monotonicMs = 1_000;
  #pending: { readonly atMs: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.monotonicMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.monotonicMs + delayMs, callback };
    this.#pending.push(timer);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== timer);
    };
  }

  get timers(): number {
    return this.#pending.length;
  }

  /** Milliseconds until the next timer is due. */
  get nextTimerInMs(): number {
    return Math.min(...this.#pending.map(({ atMs }) => atMs)) - this.monotonicMs;
  }

  advance(ms: number): void {
    const endMs = this.monotonicMs + ms;
    for (;;) {
      const due = this.#pending.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#pending = this.#pending.filter((timer) => timer !== due);
      this.#moveTo(Math.max(due.atMs, this.monotonicMs));
      due.callback();
    }
    this.#moveTo(endMs);
  }

  #moveTo(monotonicMs: number): void {
    this.wallMs += monotonicMs - this.monotonicMs;
    this.monotonicMs = monotonicMs;
  }
}
