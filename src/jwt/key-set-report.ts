import type { FetchOutcome } from './key-set-fetch.ts';

/** The state of one key set, for `/readyz`. */
export interface KeySetStatus {
  /** Without user part, query and fragment. */
  readonly url: string;
  /** Milliseconds since the Unix epoch; undefined where no usable set was ever loaded. */
  readonly lastSuccess: number | undefined;
  /** Usable keys. */
  readonly keys: number;
  readonly failing: boolean;
  /** Set where the keys are those that were kept on disk, since the issuer was not reached yet. */
  readonly stored?: boolean;
  /** Why it is failing, a sentence; empty where it is not. */
  readonly detail: string;
}

/** One fetch of a key set, for the log and metrics. */
export interface KeySetFetch {
  /** Without user part, query and fragment, any of which may hold a secret. */
  readonly url: string;
  readonly outcome: FetchOutcome;
  readonly durationMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly endedAt: number;
  /** What went wrong, a sentence; empty on success. */
  readonly detail: string;
  /** Usable keys after the fetch, those of the last good set where it failed. */
  readonly keys: number;
  /** Keys that were in use before the fetch and no longer are. */
  readonly withdrawn: number;
  /** Keys that were left out of a new set, a sentence each. */
  readonly ignored: readonly string[];
}

export function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
