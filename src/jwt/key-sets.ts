import type { Clock, Timers } from '../clock.ts';
import type { Discovery } from './discovery.ts';
import { keyOfPlace } from './key-set-place.ts';
import type { KeySetNeed } from './key-set-place.ts';
import { KeySet } from './key-set.ts';
import type { KeySetFetch, KeySetStatus } from './key-set-report.ts';
import type { KeySetOptions } from './key-set.ts';
import { TokenMemory } from './token-memory.ts';
import { VerificationGate } from './verification-gate.ts';

/**
 * The key sets that issuers publish, by URL. They are shared by all policies and kept across reloads, so that a
 * reload fetches nothing. A set without a holder is forgotten.
 */
export interface KeySets {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The memory for verified tokens of all verifiers. */
  readonly tokens: TokenMemory;
  /** The memory for refused tokens. It is separate, so that bad tokens don't displace good ones. */
  readonly refusals: TokenMemory;
  /** Bounds the signature checks of all verifiers together. */
  readonly gate: VerificationGate;
  /**
   * Holds the set at a URL, or the one that metadata at a URL name. The set is fetched soon and kept fresh until its
   * last holder releases it.
   */
  hold(url: string, need: KeySetNeed, discovery?: Discovery): HeldKeySet;
  /**
   * Fetches the set of a URL now, or every set in use.
   * @returns one result for each set, sorted by URL; empty if no such set is in use
   */
  refresh(url?: string): Promise<readonly KeySetFetch[]>;
  /**
   * Waits until every set in use is loaded, but no longer than the limit.
   * @returns the sets that are not loaded
   */
  untilLoaded(limitMs: number): Promise<readonly KeySetStatus[]>;
  /** The status of every set in use, sorted by URL. */
  status(): readonly KeySetStatus[];
  /** Stops all fetches and timers. */
  close(): void;
}

export interface HeldKeySet {
  readonly set: KeySet;
  /** Releases the set; further calls do nothing. */
  release(): void;
}

export interface KeySetsOptions extends KeySetOptions {
  /** Default 32 MiB. */
  readonly tokenMemoryBytes?: number;
}

const REFUSALS_BYTES = 2 * 1024 * 1024;

export function createKeySets(given: KeySetsOptions): KeySets {
  const sets = new Map<string, KeySet>();
  const waiting = new Set<() => void>();
  const tell = (): void => {
    for (const look of waiting) look();
  };
  const options: KeySetsOptions = {
    ...given,
    onFetch(fetched) {
      given.onFetch?.(fetched);
      tell();
    },
    onStored(url, fetchedAt) {
      given.onStored?.(url, fetchedAt);
      tell();
    },
  };
  const status = (): readonly KeySetStatus[] =>
    [...sets.values()].map((set) => set.status()).sort((a, b) => (a.url < b.url ? -1 : 1));
  const unloaded = (): readonly KeySetStatus[] => status().filter(({ lastSuccess }) => lastSuccess === undefined);
  return {
    clock: options.clock,
    timers: options.timers,
    tokens: new TokenMemory(options.tokenMemoryBytes ?? 32 * 1024 * 1024),
    refusals: new TokenMemory(REFUSALS_BYTES),
    gate: new VerificationGate(),
    hold(url, need, discovery) {
      const place = { url: hrefOf(url), discovery };
      const key = keyOfPlace(place);
      const set = sets.get(key) ?? new KeySet(place, options);
      sets.set(key, set);
      // A copy, because two holders may pass the same object.
      const own = { ...need };
      set.add(own);
      return {
        set,
        release() {
          if (set.remove(own) || sets.get(key) !== set) return;
          sets.delete(key);
          set.close();
        },
      };
    },
    async refresh(url) {
      const wanted = url === undefined ? undefined : hrefOf(url);
      const asked = [...sets.values()].filter((set) => wanted === undefined || set.url === wanted);
      const fetched = await Promise.all(asked.map((set) => set.refresh()));
      return fetched.filter((fetch) => fetch !== undefined).sort((a, b) => (a.url < b.url ? -1 : 1));
    },
    status,
    async untilLoaded(limitMs) {
      if (unloaded().length === 0 || limitMs <= 0) return unloaded();
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (unloaded().length === 0) resolve();
      };
      waiting.add(look);
      const cancel = options.timers.after(limitMs, resolve);
      await promise;
      cancel();
      waiting.delete(look);
      return unloaded();
    },
    close() {
      for (const set of sets.values()) set.close();
      sets.clear();
    },
  };
}

/** A key that is equal for different spellings of one URL. */
function hrefOf(url: string): string {
  const parsed = new URL(url);
  parsed.hash = '';
  return parsed.href;
}
