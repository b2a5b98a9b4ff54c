import { Budget } from '../listen/budget.ts';
import { FairTurns } from './fair-turns.ts';
import type { Limits } from './limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** What the connections of a process share: each has its own limits beside. */
export interface Budgets {
  /** Octets: requests that are unfinished or not taken yet, frames that are not whole, answers that wait, room to read into. */
  readonly bufferedBytes: Budget;
  /** Streams that are open, by their weight. */
  readonly streams: Budget;
  /** Octets that compressed messages unpack to. */
  readonly inflation: TokenBucket;
  /** The time of the event loop. */
  readonly turns: FairTurns;
}

/** The memory for a Check that arrives in two pieces. */
const SMALL_BYTES = 4096;
/** What an Envoy has under way at once, unless it is very busy. */
const SMALL_STREAMS = 32;

export function createBudgets(limits: Limits, nowMs: number): Budgets {
  return {
    bufferedBytes: new Budget(limits.totalBufferedBytes, SMALL_BYTES),
    streams: new Budget(limits.totalStreams, SMALL_STREAMS),
    inflation: new TokenBucket(limits.totalInflatedBytes, nowMs),
    turns: new FairTurns(),
  };
}

/** Three quarters of what is shared are in use. */
export function isShort({ bufferedBytes, streams }: Budgets): boolean {
  return bufferedBytes.free < bufferedBytes.total / 4 || streams.free < streams.total / 4;
}
