import type { FetchOutcome } from './key-set-fetch.ts';

/** The state of one key set, for `/readyz`. */
export interface KeySetStatus {
  /** Without user, password, query and fragment. */
  readonly url: string;
  /** Milliseconds since the Unix epoch; undefined if no usable set was ever loaded. */
  readonly lastSuccess: number | undefined;
  /** The number of usable keys. */
  readonly keys: number;
  readonly failing: boolean;
  /** Set if the keys come from disk, because the issuer could not be reached yet. */
  readonly stored?: boolean;
  /** Why fetching fails, a sentence; empty if it does not fail. */
  readonly detail: string;
}

/** One fetch of a key set, for the log and metrics. */
export interface KeySetFetch {
  /** Without user, password, query and fragment, any of which may hold a secret. */
  readonly url: string;
  readonly outcome: FetchOutcome;
  readonly durationMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly endedAt: number;
  /** What went wrong, a sentence; empty on success. */
  readonly detail: string;
  /** The number of usable keys after the fetch; if it failed, of the last good set. */
  readonly keys: number;
  /** The number of keys that were in use before the fetch and no longer are. */
  readonly withdrawn: number;
  /** Why keys of a new set were ignored, a sentence each. */
  readonly ignored: readonly string[];
}

export function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
