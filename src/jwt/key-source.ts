import type { Algorithm } from './algorithms.ts';
import type { KeySet } from './key-set.ts';
import type { HeldKeySet, KeySets } from './key-sets.ts';
import type { Key } from './key.ts';
import { waitMs } from './wait-limit.ts';
import type { WaitLimit } from './wait-limit.ts';

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
  arrivals(algorithm: Algorithm, kid: string | undefined, limit: WaitLimit): AsyncIterable<readonly Key[]>;
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

/** Callers with unknown `kid`s can keep requests open for at most this time, however long Envoy waits. */
const MAX_WAIT_MS = 1000;
/** Further requests are refused at once. */
const MAX_WAITING = 2000;

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
      const longestMs = Math.min(MAX_WAIT_MS, waitMs(deadline - clock.monotonic(), waiting));
      if (pending.size === 0 || longestMs <= 0 || waiting >= MAX_WAITING) return;
      const signal = caller?.signal;
      if (signal?.aborted === true) return;
      waiting++;
      const { promise: expired, resolve: expire } = Promise.withResolvers<undefined>();
      const giveUp = (): void => expire(undefined);
      const cancel = timers.after(longestMs, giveUp);
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
