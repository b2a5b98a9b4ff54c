import type { Clock, Timers } from '../clock.ts';
import { waitMs } from '../jwt/wait-limit.ts';
import type { WaitLimit } from '../jwt/wait-limit.ts';
import type { TokenMemory } from '../jwt/token-memory.ts';
import { Circuit } from './circuit.ts';
import { InquiryFault } from './fault.ts';
import type { KeyedDigest } from './keyed-digest.ts';
import { Remembered } from './remembered.ts';

/** What the server that was asked says of a credential. */
export interface Answer<Value> {
  readonly value: Value;
  /** Good answers are remembered apart from bad ones, so that bad credentials can't push good answers out. */
  readonly isGood: boolean;
  /** How long the answer is remembered; 0: it is only for the callers who wait for it. */
  readonly forMs: number;
  /** An estimate of the memory that it takes. */
  readonly bytes: number;
}

export interface InquiriesOptions<Value> {
  /** Asks, within its own time limit. Rejects if there is no usable answer. */
  readonly ask: (credential: string, signal: AbortSignal) => Promise<Answer<Value>>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly digest: KeyedDigest;
  readonly good: TokenMemory;
  readonly bad: TokenMemory;
  /** The most good answers that are remembered, and the most bad ones. */
  readonly maxEntries: number;
  /** Called when the circuit opens and when it closes; must not throw. */
  readonly onCircuit?: (isOpen: boolean, why: string) => void;
}

export const MAX_ASKED_AT_ONCE = 32;
/** The most different credentials that wait to be asked for. */
const MAX_QUEUED = 1000;
/** The most requests that wait for an answer. */
const MAX_WAITING = 4000;

interface Flight<Value> {
  readonly digest: string;
  readonly credential: string;
  readonly answer: PromiseWithResolvers<Value>;
  waiting: number;
  isAsked: boolean;
}

/**
 * Asks another server about credentials. Each credential is asked for once, however many requests wait for it; at
 * most 32 calls run at once, and answers are remembered. A remembered answer is returned at once and waits for
 * nothing.
 */
export class Inquiries<Value> {
  readonly #options: InquiriesOptions<Value>;
  readonly #good: Remembered<Value>;
  readonly #bad: Remembered<Value>;
  readonly #circuit: Circuit;
  readonly #closing = new AbortController();
  readonly #flights = new Map<string, Flight<Value>>();
  /** The flights that are not asked for yet, in order. */
  readonly #queue = new Set<Flight<Value>>();
  #asked = 0;
  #waiting = 0;

  constructor(options: InquiriesOptions<Value>) {
    this.#options = options;
    this.#good = new Remembered(options.good, options.maxEntries);
    this.#bad = new Remembered(options.bad, options.maxEntries);
    this.#circuit = new Circuit(options.random);
  }

  /** Returns what is remembered of the credential. */
  recall(credential: string): Value | undefined {
    return this.#known(this.#options.digest(credential));
  }

  /** @throws InquiryFault (rejects with it) */
  about(credential: string, limit: WaitLimit): Value | Promise<Value> {
    const digest = this.#options.digest(credential);
    return this.#known(digest) ?? this.#wait(digest, credential, limit);
  }

  #known(digest: string): Value | undefined {
    const now = this.#options.clock.monotonic();
    return this.#good.get(digest, now) ?? this.#bad.get(digest, now);
  }

  close(): void {
    this.#closing.abort();
    this.#good.close();
    this.#bad.close();
    for (const flight of this.#queue) this.#drop(flight, new InquiryFault('gone', 'the policy is no longer in force'));
  }

  async #wait(digest: string, credential: string, { deadline, caller }: WaitLimit): Promise<Value> {
    const { clock, timers } = this.#options;
    const longestMs = waitMs(deadline - clock.monotonic(), this.#waiting);
    if (longestMs <= 0) throw new InquiryFault('busy', 'there is no time left to ask');
    if (this.#waiting >= MAX_WAITING) throw busy();
    const signal = caller?.signal;
    if (signal?.aborted === true) throw gone();
    const flight = this.#flights.get(digest) ?? this.#begin(digest, credential);
    const over = Promise.withResolvers<never>();
    const leave = (): void => over.reject(gone());
    const cancel =
      longestMs === Infinity
        ? undefined
        : timers.after(longestMs, () => {
            over.reject(flight.isAsked ? new InquiryFault('late', 'there was no answer in time') : busy());
          });
    signal?.addEventListener('abort', leave);
    this.#waiting += 1;
    flight.waiting += 1;
    try {
      return await Promise.race([flight.answer.promise, over.promise]);
    } finally {
      this.#waiting -= 1;
      flight.waiting -= 1;
      cancel?.();
      signal?.removeEventListener('abort', leave);
    }
  }

  #begin(digest: string, credential: string): Flight<Value> {
    const isFull = this.#asked >= MAX_ASKED_AT_ONCE;
    if (isFull && this.#queue.size >= MAX_QUEUED) throw busy();
    const now = this.#options.clock.monotonic();
    // The call that tests whether the server answers again does not queue.
    const pauseMs = isFull ? this.#circuit.pauseMs(now) : this.#circuit.enter(now);
    if (pauseMs > 0) throw open(pauseMs);
    const answer = Promise.withResolvers<Value>();
    // Waiting requests get the rejection; there may be none left.
    answer.promise.catch(() => {});
    const flight: Flight<Value> = { digest, credential, answer, waiting: 0, isAsked: false };
    this.#flights.set(digest, flight);
    if (isFull) this.#queue.add(flight);
    else void this.#ask(flight);
    return flight;
  }

  /** Never rejects. */
  async #ask(flight: Flight<Value>): Promise<void> {
    const { ask, clock, onCircuit } = this.#options;
    flight.isAsked = true;
    this.#asked += 1;
    try {
      const { value, isGood, forMs, bytes } = await ask(flight.credential, this.#closing.signal);
      if (this.#circuit.answered()) onCircuit?.(false, '');
      if (forMs > 0 && !this.#closing.signal.aborted) {
        (isGood ? this.#good : this.#bad).set(flight.digest, value, clock.monotonic() + forMs, bytes);
      }
      flight.answer.resolve(value);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it failed';
      if (this.#circuit.failed(clock.monotonic())) onCircuit?.(true, why);
      flight.answer.reject(new InquiryFault('failed', why));
    }
    this.#asked -= 1;
    this.#flights.delete(flight.digest);
    this.#askNext();
  }

  #askNext(): void {
    for (const flight of this.#queue) {
      if (this.#circuit.isOpen) this.#drop(flight, open(this.#circuit.pauseMs(this.#options.clock.monotonic())));
      // Nobody waits for it any more.
      else if (flight.waiting === 0) this.#drop(flight, gone());
      else if (this.#asked < MAX_ASKED_AT_ONCE) {
        this.#queue.delete(flight);
        void this.#ask(flight);
      } else return;
    }
  }

  #drop(flight: Flight<Value>, fault: InquiryFault): void {
    this.#queue.delete(flight);
    this.#flights.delete(flight.digest);
    flight.answer.reject(fault);
  }
}

function busy(): InquiryFault {
  return new InquiryFault('busy', 'too many others wait to be asked for');
}

function open(pauseMs: number): InquiryFault {
  return new InquiryFault('open', 'it has failed several times in a row, and is not asked', pauseMs);
}

function gone(): InquiryFault {
  return new InquiryFault('gone', 'the caller left before the answer');
}
