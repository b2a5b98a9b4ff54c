import type { Algorithm } from './algorithms.ts';
import type { KeySet } from './key-set.ts';
import type { HeldKeySet, KeySets } from './key-sets.ts';
import type { Key } from './key.ts';

/** Where a verifier takes its keys from. */
export interface KeySource {
  /** The keys at hand that may have signed a token: of its `kid` or without any, and of a type that fits. */
  keysFor(algorithm: Algorithm, kid: string | undefined): readonly Key[];
  /**
   * Yields what {@link keysFor} then answers each time a key may have come; ends when none is to be
   * expected any more, or shortly before the deadline (monotonic milliseconds).
   */
  arrivals(algorithm: Algorithm, kid: string | undefined, deadline: number): AsyncIterable<readonly Key[]>;
  /** Whether there is any key at all. */
  readonly usable: boolean;
  /** Milliseconds after which it is worth asking again, where it is not usable. */
  retryInMs(): number;
  close(): void;
}

/** Keys that are part of the document. */
export function fixedKeys(keys: readonly Key[]): KeySource {
  return {
    keysFor: (algorithm, kid) =>
      keys.filter(
        (key) => key.algorithms.has(algorithm) && (kid === undefined || key.kid === undefined || key.kid === kid),
      ),
    async *arrivals() {},
    usable: true,
    retryInMs: () => 0,
    close() {},
  };
}

/** The answer needs to reach Envoy before the deadline, not at it. */
const ANSWER_MS = 20;

/** The union of what several issuers publish. One that is down harms no tokens of the others. */
export function publishedKeys(held: readonly HeldKeySet[], { clock, timers }: KeySets): KeySource {
  const sets = held.map(({ set }) => set);
  const keysFor: KeySource['keysFor'] = (algorithm, kid) => sets.flatMap((set) => set.keysFor(algorithm, kid));
  return {
    keysFor,
    async *arrivals(algorithm, kid, deadline) {
      const unknown = kid === undefined ? keysFor(algorithm, kid).length === 0 : !sets.some((set) => set.knows(kid));
      const pending = new Map<KeySet, Promise<KeySet>>();
      for (const set of sets) {
        const fetch = set.loaded ? (unknown ? set.refetch() : undefined) : set.firstLoad();
        if (fetch !== undefined)
          pending.set(
            set,
            fetch.then(() => set),
          );
      }
      const waitMs = deadline - clock.monotonic() - ANSWER_MS;
      if (pending.size === 0 || waitMs <= 0) return;
      let cancel = (): void => {};
      const expired = new Promise<undefined>((resolve) => {
        if (Number.isFinite(waitMs)) cancel = timers.after(waitMs, () => resolve(undefined));
      });
      try {
        while (pending.size > 0) {
          const ended = await Promise.race([expired, ...pending.values()]);
          if (ended === undefined) return;
          pending.delete(ended);
          yield keysFor(algorithm, kid);
        }
      } finally {
        cancel();
      }
    },
    get usable() {
      return sets.some((set) => set.loaded);
    },
    retryInMs: () => Math.min(...sets.map((set) => set.nextFetchInMs())),
    close() {
      for (const lease of held) lease.release();
    },
  };
}
