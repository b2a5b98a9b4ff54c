import { fetchDiscovered } from './discovery.ts';
import type { Discovery } from './discovery.ts';
import { fetchText } from './key-set-fetch.ts';
import type { TimedFetch } from './key-set-fetch.ts';

/** Where a key set is. */
export interface KeySetPlace {
  /** Of the set, or of the metadata that name it. */
  readonly url: string;
  readonly discovery?: Discovery | undefined;
}

/** What a holder requires of a set; of several holders, the shortest time to live and the longest time-out count. */
export interface KeySetNeed {
  /** How long a set is fresh. */
  readonly timeToLiveMs: number;
  /** How long a fetch may take. */
  readonly timeoutMs: number;
}

/** What tells one place from another. */
export function keyOfPlace({ url, discovery }: KeySetPlace): string {
  return discovery === undefined ? url : JSON.stringify([url, discovery.allowInsecure, ...discovery.issuers]);
}

/** @throws FetchFault (rejects with it) */
export function fetchKeySet({ url, discovery }: KeySetPlace, settings: TimedFetch): Promise<string> {
  return discovery === undefined ? fetchText(url, settings) : fetchDiscovered(url, discovery, settings);
}
