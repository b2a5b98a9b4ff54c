import type { Algorithm } from './algorithms.ts';
import type { KeySet } from './key-set.ts';
import type { HeldKeySet, KeySets } from './key-sets.ts';
import type { Key } from './key.ts';

/** The caller who waits for the answer. The signal is read late, since a transport creates it on first use. */
export interface Caller {
  readonly signal: AbortSignal;
}

/** How long it is worth waiting. */
export interface Patience {
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly caller: Caller | undefined;
}

/** The source of a verifier's keys. */
export interface KeySource {
  /** The keys at hand that may have signed a token: of its `kid` or without any, and of a type that fits. */
  keysFor(algorithm: Algorithm, kid: string | undefined): readonly Key[];
  /**
   * Asked for when none of the keys at hand has signed a token: a key may be missing, or be another one by now under
   * the same `kid`. Yields the new result of {@link keysFor} each time a key may have arrived. Ends when no key is
   * expected any more, after a second, well before the deadline, or when the caller leaves.
   */
  arrivals(algorithm: Algorithm, kid: string | undefined, patience: Patience): AsyncIterable<readonly Key[]>;
  /** Another number whenever the keys are others. */
  readonly version: number;
  /** Milliseconds until an issuer may be asked again for a key that is missing; 0 while one is asked. */
  askableInMs(): number;
  /** Whether there is any key at all. */
  readonly usable: boolean;
  /** Milliseconds after which it is worth asking again, where it is not usable. */
  retryInMs(): number;
  close(): void;
}

/** Keys from the document itself. */
export function fixedKeys(keys: readonly Key[]): KeySource {
  return {
    keysFor: (algorithm, kid) =>
      keys.filter(
        (key) => key.algorithms.has(algorithm) && (kid === undefined || key.kid === undefined || key.kid === kid),
      ),
    async *arrivals() {},
    version: 0,
    askableInMs: () => Infinity,
    usable: true,
    retryInMs: () => 0,
    close() {},
  };
}

/**
 * The answer must reach Envoy before the deadline, not at it. Requests that wait for the same issuer would all stop
 * waiting at the same moment, so more time is reserved if there is more, and if hundreds wait, each reserves a little
 * more than the one before.
 */
const MIN_ANSWER_MS = 20;
const ANSWER_SHARE = 0.25;
const ANSWER_MS_A_WAITER = 0.5;
/** Callers with unknown `kid`s can keep requests open for at most this time, however long Envoy waits. */
const MAX_WAIT_MS = 1000;
/** Later ones are refused at once. */
const MAX_WAITING = 2000;

/**
 * How long to wait for keys.
 * @param leftMs infinite where there is no deadline
 * @param waiting requests that wait already
 */
function waitOf(leftMs: number, waiting: number): number {
  if (leftMs === Infinity) return MAX_WAIT_MS;
  const answerMs = Math.max(MIN_ANSWER_MS, leftMs * ANSWER_SHARE, waiting * ANSWER_MS_A_WAITER);
  return Math.min(MAX_WAIT_MS, leftMs - answerMs);
}

/** The union of what several issuers publish. One that is down harms no tokens of the others. */
export function publishedKeys(held: readonly HeldKeySet[], { clock, timers }: KeySets): KeySource {
  const sets = held.map(({ set }) => set);
  const keysFor: KeySource['keysFor'] = (algorithm, kid) => sets.flatMap((set) => set.keysFor(algorithm, kid));
  let waiting = 0;
  return {
    keysFor,
    async *arrivals(algorithm, kid, { deadline, caller }) {
      const pending = new Map<KeySet, Promise<KeySet>>();
      for (const set of sets) {
        const fetch = set.loaded ? set.refetch() : set.firstLoad();
        if (fetch !== undefined)
          pending.set(
            set,
            fetch.then(() => set),
          );
      }
      const waitMs = waitOf(deadline - clock.monotonic(), waiting);
      if (pending.size === 0 || waitMs <= 0 || waiting >= MAX_WAITING) return;
      const signal = caller?.signal;
      if (signal?.aborted === true) return;
      waiting++;
      const { promise: expired, resolve: expire } = Promise.withResolvers<undefined>();
      const giveUp = (): void => expire(undefined);
      const cancel = timers.after(waitMs, giveUp);
      signal?.addEventListener('abort', giveUp);
      try {
        while (pending.size > 0) {
          const ended = await Promise.race([expired, ...pending.values()]);
          if (ended === undefined) return;
          pending.delete(ended);
          yield keysFor(algorithm, kid);
        }
      } finally {
        waiting--;
        cancel();
        signal?.removeEventListener('abort', giveUp);
      }
    },
    get version() {
      return sets.reduce((sum, set) => sum + set.version, 0);
    },
    askableInMs: () => Math.min(...sets.map((set) => set.askableInMs())),
    get usable() {
      return sets.some((set) => set.loaded);
    },
    retryInMs: () => Math.min(...sets.map((set) => set.nextFetchInMs())),
    close() {
      for (const lease of held) lease.release();
    },
  };
}
