import type { Demand, Taking } from '../quota/store.ts';

/** A hit that waits for the store's answer. */
export interface Waiter {
  readonly demands: readonly Demand[];
  /** Monotonic milliseconds: later, the answer is of no use. */
  readonly until: number;
  /** Answered or failed: its time may have run out while a call was under way. */
  isDone: boolean;
  answer(taking: Taking): void;
  fail(error: unknown): void;
}

/**
 * A waiter and what it comes to.
 * @param mono monotonic milliseconds now
 * @param fallback what holds where the store can't tell; what it throws is the answer
 */
export function waiterFor(
  demands: readonly Demand[],
  until: number,
  mono: number,
  fallback: (error: unknown) => Taking | Promise<Taking>,
  timedOut: (waitedMs: number) => Error,
): { readonly waiter: Waiter; readonly taking: Promise<Taking> } {
  const { promise, resolve, reject } = Promise.withResolvers<Taking>();
  const ends = (): boolean => {
    if (waiter.isDone) return false;
    waiter.isDone = true;
    clearTimeout(timer);
    return true;
  };
  const fail = (error: unknown): void => {
    if (!ends()) return;
    try {
      resolve(fallback(error));
    } catch (unanswered) {
      reject(unanswered);
    }
  };
  const answer = (taking: Taking): void => {
    if (ends()) resolve(taking);
  };
  const waiter: Waiter = { demands, until, isDone: false, answer, fail };
  const waitsMs = until - mono;
  const timer = setTimeout(() => fail(timedOut(Math.max(0, Math.round(waitsMs)))), waitsMs);
  return { waiter, taking: promise };
}
