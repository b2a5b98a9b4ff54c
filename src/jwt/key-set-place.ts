import { fetchDiscovered } from './discovery.ts';
import type { Discovery } from './discovery.ts';
import { fetchText } from './key-set-fetch.ts';
import type { TimedFetch } from './key-set-fetch.ts';

/** The location of a key set. */
export interface KeySetPlace {
  /** The URL of the set, or of the metadata that name it. */
  readonly url: string;
  readonly discovery?: Discovery | undefined;
}

/**
 * What a holder requires of a key set. If there are several holders, the shortest time to live and the longest
 * time-out apply.
 */
export interface KeySetNeed {
  /** How long a set is fresh. */
  readonly timeToLiveMs: number;
  /** How long a fetch may take. */
  readonly timeoutMs: number;
}

/** The same text for the same place. */
export function keyOfPlace({ url, discovery }: KeySetPlace): string {
  return discovery === undefined ? url : JSON.stringify([url, discovery.allowInsecure, ...discovery.issuers]);
}

/** @throws FetchFault (rejects with it) */
export function fetchKeySet({ url, discovery }: KeySetPlace, settings: TimedFetch): Promise<string> {
  return discovery === undefined ? fetchText(url, settings) : fetchDiscovered(url, discovery, settings);
}
