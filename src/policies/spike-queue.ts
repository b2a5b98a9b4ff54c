import type { Clock, Timers } from '../clock.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface SpikeQueueOptions {
  readonly maximumRequests: number;
  readonly periodMs: number;
  /** The most requests that wait at once. */
  readonly queuingLimit: number;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** The result for one request. */
export interface Passage {
  readonly isAdmitted: boolean;
  /** Places left in the window. */
  readonly remaining: number;
  /** Milliseconds until a place is free; for an admitted request, until the oldest admission no longer counts. */
  readonly resetMs: number;
}

/** How long a request can wait, in monotonic milliseconds. */
export interface SpikeWaitLimit {
  /** A request that can't have a place by then is refused at once. */
  readonly latest: number;
  /**
   * After this time nobody reads the answer. If a timer was late and the turn comes after it, the request is refused.
   */
  readonly deadline: number;
}

interface QueuedRequest {
  readonly deadline: number;
  leave(passage: Passage): void;
}

/** A sliding window, with a queue of requests that wait for a place in it. */
export class SpikeQueue {
  readonly #options: SpikeQueueOptions;
  readonly #window: SlidingWindow;
  readonly #waiting: QueuedRequest[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(options: SpikeQueueOptions) {
    this.#options = options;
    this.#window = new SlidingWindow(options.maximumRequests, options.periodMs);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Returns the result for a request that can't wait. It takes no place. */
  peek(): Passage {
    const now = this.#options.clock.monotonic();
    const isFree = this.#waiting.length === 0 && this.#window.remaining(now) > 0;
    return isFree ? this.#admitted(now) : this.#refused(now);
  }

  /**
   * Takes a place now, or as soon as there is one.
   * @param signal aborted when the caller leaves: its turn passes to the next request
   */
  pass({ latest, deadline }: SpikeWaitLimit, signal?: AbortSignal): Passage | Promise<Passage> {
    // A timer may be late: requests that are due go first.
    this.#advance();
    const now = this.#options.clock.monotonic();
    const before = this.#waiting.length;
    if (before === 0 && this.#window.take(now)) return this.#admitted(now);
    if (before >= this.#options.queuingLimit || this.#window.freeAt(before, now) > latest) return this.#refused(now);
    return this.#wait(deadline, signal);
  }

  #wait(deadline: number, signal: AbortSignal | undefined): Promise<Passage> {
    const { promise, resolve } = Promise.withResolvers<Passage>();
    const waiter: QueuedRequest = { deadline, leave: resolve };
    const abandon = (): void => {
      const place = this.#waiting.indexOf(waiter);
      if (place >= 0) this.#waiting.splice(place, 1);
      resolve(this.#refused(this.#options.clock.monotonic()));
      this.#arm();
    };
    signal?.addEventListener('abort', abandon, { once: true });
    this.#waiting.push(waiter);
    this.#arm();
    return promise.finally(() => signal?.removeEventListener('abort', abandon));
  }

  /** Refuses all who wait. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const now = this.#options.clock.monotonic();
    for (const waiter of this.#waiting.splice(0)) waiter.leave(this.#refused(now));
  }

  /** Admits those whose turn has come, and refuses those who can't wait any longer. */
  #advance(): void {
    const now = this.#options.clock.monotonic();
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) break;
      const isLate = now > first.deadline;
      if (!isLate && !this.#window.take(now)) break;
      this.#waiting.shift();
      first.leave(isLate ? this.#refused(now) : this.#admitted(now));
    }
    this.#arm();
  }

  /** Sets one timer, for the request that is next. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#waiting.length === 0) return;
    const { clock, timers } = this.#options;
    const now = clock.monotonic();
    // Timers count whole milliseconds. One that fires too early would be set again with no delay.
    const delayMs = Math.max(1, Math.ceil(this.#window.freeAt(0, now) - now));
    this.#cancelTimer = timers.after(delayMs, () => this.#advance());
  }

  #admitted(now: number): Passage {
    return { isAdmitted: true, remaining: this.#window.remaining(now), resetMs: this.#window.resetMs(now) };
  }

  #refused(now: number): Passage {
    const resetMs = this.#window.freeAt(this.#waiting.length, now) - now;
    return { isAdmitted: false, remaining: 0, resetMs: Math.max(1, resetMs) };
  }
}
