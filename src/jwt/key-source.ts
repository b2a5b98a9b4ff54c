import type { Algorithm } from './algorithms.ts';
import type { KeySet } from './key-set.ts';
import type { HeldKeySet, KeySets } from './key-sets.ts';
import type { Key } from './key.ts';

/** The caller, who may stop waiting. The signal is read late, because a transport creates it on first use. */
export interface Caller {
  readonly signal: AbortSignal;
}

/** How long the caller waits. */
export interface Patience {
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly caller: Caller | undefined;
}

/** The source of a verifier's keys. */
export interface KeySource {
  /**
   * Returns the keys known now that may have signed a token: with its `kid` or without any, and of a type that fits.
   */
  keysFor(algorithm: Algorithm, kid: string | undefined): readonly Key[];
  /**
   * To be called when no known key has signed a token: a key may be missing, or may have changed under the same
   * `kid`. Yields the new result of {@link keysFor} each time a key may have arrived. Ends when no key is expected
   * any more, after a second, well before the deadline, or when the caller leaves.
   */
  arrivals(algorithm: Algorithm, kid: string | undefined, patience: Patience): AsyncIterable<readonly Key[]>;
  /** Changes whenever the keys change. */
  readonly version: number;
  /** Milliseconds until an issuer may be asked again for a missing key; 0 while one is being asked. */
  askableInMs(): number;
  /** Whether there is any key at all. */
  readonly usable: boolean;
  /** If it is not usable: milliseconds after which it is worth asking again. */
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
 * The answer must reach Envoy before the deadline, so some time is reserved for it. Requests that wait for the same
 * issuer would all stop waiting at the same moment. So each reserves a share of its time, and if hundreds wait, each
 * reserves a little more than the one before.
 */
const MIN_ANSWER_MS = 20;
const ANSWER_SHARE = 0.25;
const ANSWER_MS_A_WAITER = 0.5;
/** Callers with unknown `kid`s can keep requests open for at most this time, however long Envoy waits. */
const MAX_WAIT_MS = 1000;
/** Further requests are refused at once. */
const MAX_WAITING = 2000;

/**
 * Returns how long to wait for keys.
 * @param leftMs infinite if there is no deadline
 * @param waiting the number of requests that wait already
 */
function waitOf(leftMs: number, waiting: number): number {
  if (leftMs === Infinity) return MAX_WAIT_MS;
  const answerMs = Math.max(MIN_ANSWER_MS, leftMs * ANSWER_SHARE, waiting * ANSWER_MS_A_WAITER);
  return Math.min(MAX_WAIT_MS, leftMs - answerMs);
}

/**
 * The union of the keys that several issuers publish. If one issuer is down, tokens of the others are still verified.
 */
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
