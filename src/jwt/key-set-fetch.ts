import type { Timers } from '../clock.ts';
import { boundedCall } from '../egress/egress.ts';
import type { EgressAnswer } from '../egress/egress.ts';
import { EgressFault } from '../egress/fault.ts';
import type { EgressTransport } from '../egress/transport.ts';

/** How a fetch of a key set ended; a label of metrics. */
export type FetchOutcome =
  | 'success'
  | 'timeout'
  | 'unreachable'
  | 'refused'
  | 'redirect'
  | 'status'
  | 'too_large'
  | 'malformed';

/** A fetch brought no key set. The message is a sentence without the URL and without the text of the answer. */
export class FetchFault extends Error {
  override name = 'FetchFault';
  readonly outcome: FetchOutcome;
  /** Nobody answered, or a proxy answered in the issuer's place. */
  readonly isAway: boolean;
  constructor(outcome: FetchOutcome, message: string, isAway = outcome === 'timeout' || outcome === 'unreachable') {
    super(message);
    this.outcome = outcome;
    this.isAway = isAway;
  }
}

const MAXIMUM_SET_BYTES = 1024 * 1024;

export interface FetchSettings {
  readonly fetch: EgressTransport;
  readonly timers: Timers;
  /** Time for the whole fetch, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Ends the fetch before its time. */
  readonly signal: AbortSignal;
}

/** For several fetches that share the time of one. */
export interface TimedFetch extends FetchSettings {
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Fetches the text at a URL with one request. Redirects are not followed, and at most 1 MiB is read.
 * @throws FetchFault (rejects with it)
 */
export async function fetchText(url: string, { fetch, timers, timeoutMs, signal }: FetchSettings): Promise<string> {
  const headers = {
    accept: 'application/jwk-set+json, application/json',
    // A cache could still have a key that was withdrawn.
    'cache-control': 'no-cache',
  };
  let answer: EgressAnswer;
  try {
    answer = await boundedCall({ url, headers, timeoutMs, maxBytes: MAXIMUM_SET_BYTES, signal }, fetch, timers);
  } catch (error) {
    if (!(error instanceof EgressFault)) throw error;
    throw new FetchFault(error.outcome, error.message);
  }
  const { status, text } = answer;
  if (status >= 300 && status < 400) {
    throw new FetchFault('redirect', `it answers ${status}, and redirects are not followed: give the final URL`);
  }
  if (status !== 200) throw new FetchFault('status', `it answers ${status}`, status >= 500);
  return text;
}
