import type { Demand, Taking } from '../quota/store.ts';

/** A hit that waits for the store's answer. */
export interface PendingHit {
  readonly demands: readonly Demand[];
  /** Monotonic milliseconds: later, the answer is of no use. */
  readonly until: number;
  /** Answered or failed. Its time may run out while a call is under way. */
  readonly isDone: boolean;
  answer(taking: Taking): void;
  fail(error: unknown): void;
}

/**
 * A pending hit and its result.
 * @param mono monotonic milliseconds now
 * @param onFailure decides if the store does not answer; an error it throws is the result
 */
export function pendingHit(
  demands: readonly Demand[],
  until: number,
  mono: number,
  onFailure: (error: unknown) => Taking | Promise<Taking>,
  timedOut: (waitedMs: number) => Error,
): { readonly hit: PendingHit; readonly taking: Promise<Taking> } {
  const { promise, resolve, reject } = Promise.withResolvers<Taking>();
  const fail = (error: unknown): void => {
    if (!ends()) return;
    try {
      resolve(onFailure(error));
    } catch (unanswered) {
      reject(unanswered);
    }
  };
  const answer = (taking: Taking): void => {
    if (ends()) resolve(taking);
  };
  const hit = { demands, until, isDone: false, answer, fail };
  const waitsMs = until - mono;
  const timer = setTimeout(() => fail(timedOut(Math.max(0, Math.round(waitsMs)))), waitsMs);
  function ends(): boolean {
    if (hit.isDone) return false;
    hit.isDone = true;
    clearTimeout(timer);
    return true;
  }
  return { hit, taking: promise };
}

export function stillPending(hits: readonly PendingHit[]): PendingHit[] {
  return hits.filter(({ isDone }) => !isDone);
}

/** Units of a hit that waits for a lease: its demands all cost the same. */
export function costOf({ demands }: PendingHit): number {
  return demands[0]?.cost ?? 0;
}
