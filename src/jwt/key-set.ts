import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { EgressTransport } from '../egress/transport.ts';
import type { Algorithm } from './algorithms.ts';
import { contentOf } from './key-set-content.ts';
import { FetchFault } from './key-set-fetch.ts';
import type { KeySetStore } from './key-set-folder.ts';
import { fetchKeySet, keyOfPlace } from './key-set-place.ts';
import type { KeySetNeed, KeySetPlace } from './key-set-place.ts';
import { withoutSecrets } from './key-set-report.ts';
import type { KeySetFetch, KeySetStatus } from './key-set-report.ts';
import type { Key } from './key.ts';

export interface KeySetOptions {
  readonly fetch: EgressTransport;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1, such as `Math.random`: spreads the fetches of replicas. */
  readonly random: () => number;
  /** Called when a fetch has ended; must not throw. */
  readonly onFetch?: (fetch: KeySetFetch) => void;
  /** Stores sets, for a start at which the issuer can't be reached. */
  readonly store?: KeySetStore | undefined;
  /** Called when a stored set is used; must not throw. */
  readonly onStored?: (url: string, fetchedAt: number) => void;
}

/** A token that no known key has signed causes at most one fetch in this time, whatever callers send. */
const COOL_DOWN_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
/** Shorter while callers wait for the first set. */
const LONGEST_RETRY_UNLOADED_MS = 10_000;
const LONGEST_RETRY_MS = 60_000;
/** If there is a stored set, an issuer that has not answered within this time counts as unreachable. */
const STORED_AFTER_MS = 2_000;

/** The key set at one URL: fetched, kept fresh, and kept in use while its issuer can't be reached. */
export class KeySet {
  readonly #place: KeySetPlace;
  readonly url: string;
  /** The key of this set in the store. */
  readonly #key: string;
  /** The URL in the form that may be shown. */
  readonly #label: string;
  readonly #options: KeySetOptions;
  readonly #closing = new AbortController();
  readonly #needs = new Set<KeySetNeed>();
  #keys: readonly Key[] = [];
  #text: string | undefined;
  /** Incremented whenever the keys change. */
  version = 0;
  #lastSuccess: number | undefined;
  /** The keys come from the store: the issuer has not answered yet. */
  #isStored = false;
  #failures = 0;
  #detail = '';
  #running: Promise<KeySetFetch> | undefined;
  /** Monotonic milliseconds, like all times below. */
  #refreshedAt = 0;
  #dueAt = 0;
  #askedForKeyAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(place: KeySetPlace, options: KeySetOptions) {
    this.#place = place;
    this.url = place.url;
    this.#key = keyOfPlace(place);
    this.#label = withoutSecrets(place.url);
    this.#options = options;
  }

  add(need: KeySetNeed): void {
    this.#needs.add(need);
    if (this.loaded && this.#failures === 0) this.#scheduleRefresh();
    // Not at once: documents with a fault release the set again, and must not cause a fetch.
    else if (this.#cancelTimer === undefined && this.#running === undefined) this.#schedule(0);
  }

  /** @returns whether others still hold the set */
  remove(need: KeySetNeed): boolean {
    this.#needs.delete(need);
    return this.#needs.size > 0;
  }

  close(): void {
    this.#closing.abort();
    this.#cancelTimer?.();
  }

  /** Whether a usable set was ever loaded. */
  get loaded(): boolean {
    return this.#lastSuccess !== undefined;
  }

  /** Returns the keys that may have signed a token: with its `kid` or without any, and of a type that fits. */
  keysFor(algorithm: Algorithm, kid: string | undefined): readonly Key[] {
    return this.#keys.filter(
      (key) => key.algorithms.has(algorithm) && (kid === undefined || key.kid === undefined || key.kid === kid),
    );
  }

  /** The fetch that may bring the first set; undefined if the last one failed and the next is not due yet. */
  firstLoad(): Promise<unknown> | undefined {
    if (this.#running !== undefined) return this.#running;
    return this.#failures === 0 && !this.loaded ? this.#start() : undefined;
  }

  /** The fetch that may bring a missing key; undefined if the last fetch was too recent. */
  refetch(): Promise<unknown> | undefined {
    if (this.#running !== undefined) return this.#running;
    if (this.askableInMs() > 0) return undefined;
    this.#askedForKeyAt = this.#options.clock.monotonic();
    return this.#start();
  }

  /** Fetches now, or after the fetch that is running. Undefined if the set is closed. */
  async refresh(): Promise<KeySetFetch | undefined> {
    // The running fetch may have read the set before the key was withdrawn.
    await this.#running;
    return this.#running ?? this.#start();
  }

  /** Milliseconds until {@link refetch} may fetch again. */
  askableInMs(): number {
    if (this.#running !== undefined) return 0;
    return Math.max(0, this.#askedForKeyAt + COOL_DOWN_MS - this.#options.clock.monotonic());
  }

  /** Milliseconds until the next planned fetch, 0 while one is running. */
  nextFetchInMs(): number {
    return this.#running === undefined ? Math.max(0, this.#dueAt - this.#options.clock.monotonic()) : 0;
  }

  status(): KeySetStatus {
    return {
      url: this.#label,
      lastSuccess: this.#lastSuccess,
      keys: this.#keys.length,
      failing: this.#failures > 0,
      ...(this.#isStored ? { stored: true } : {}),
      detail: this.#detail,
    };
  }

  #start(): Promise<KeySetFetch> | undefined {
    if (this.#closing.signal.aborted) return undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const running = this.#fetch().finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  /** Never rejects. */
  async #fetch(): Promise<KeySetFetch> {
    const { clock, fetch, timers, onFetch } = this.#options;
    const startedAt = clock.monotonic();
    let outcome: FetchFault['outcome'] = 'success';
    let ignored: readonly string[] = [];
    const before = this.#keys;
    const isKept = this.#options.store !== undefined && !this.loaded;
    const cancelStored = isKept ? timers.after(STORED_AFTER_MS, () => void this.#takeStored()) : undefined;
    try {
      const timeoutMs = Math.max(...[...this.#needs].map((need) => need.timeoutMs));
      const signal = this.#closing.signal;
      const now = (): number => clock.monotonic();
      const text = await fetchKeySet(this.#place, { fetch, timers, timeoutMs, signal, now });
      ignored = this.#take(text);
      this.#failures = 0;
      this.#detail = '';
      this.#lastSuccess = clock.now();
      this.#isStored = false;
      this.#refreshedAt = clock.monotonic();
      void this.#options.store?.write(this.#key, { text, fetchedAt: this.#lastSuccess });
    } catch (error) {
      const fault = error instanceof FetchFault ? error : new FetchFault('unreachable', 'it failed unexpectedly');
      outcome = fault.outcome;
      this.#failures += 1;
      this.#detail = fault.message;
      if (fault.isAway) await this.#takeStored();
    } finally {
      cancelStored?.();
    }
    const durationMs = clock.monotonic() - startedAt;
    const keys = this.#keys.length;
    const withdrawn = before.filter(({ retired }) => retired).length;
    const report = { durationMs, endedAt: clock.now(), detail: this.#detail, keys, withdrawn, ignored };
    const fetched = { url: this.#label, outcome, ...report };
    if (this.#closing.signal.aborted) return fetched;
    if (this.#failures === 0) this.#scheduleRefresh();
    else this.#schedule(this.#retryMs());
    onFetch?.(fetched);
    return fetched;
  }

  /** Never rejects. */
  async #takeStored(): Promise<void> {
    if (this.loaded) return;
    const stored = await this.#options.store?.read(this.#key);
    // The issuer may have answered in the meantime.
    if (stored === undefined || this.loaded || this.#closing.signal.aborted) return;
    try {
      this.#take(stored.text);
    } catch {
      return;
    }
    this.#isStored = true;
    this.#lastSuccess = stored.fetchedAt;
    this.#options.onStored?.(this.#label, stored.fetchedAt);
  }

  /** Keys that stay in the set stay the same objects, so that verified tokens stay verified. The others retire. */
  #take(text: string): readonly string[] {
    if (text === this.#text) return [];
    const content = contentOf(text);
    const known = new Map(this.#keys.map((key) => [key.fingerprint, key]));
    const keys = content.keys.map((key) => known.get(key.fingerprint) ?? key);
    const stay = new Set(keys);
    for (const key of this.#keys) if (!stay.has(key)) key.retire();
    this.#keys = keys;
    this.version += 1;
    this.#text = text;
    return content.ignored;
  }

  /** Plans the next fetch before the set expires, so that no token waits, and at another time in each replica. */
  #scheduleRefresh(): void {
    const timeToLiveMs = Math.min(...[...this.#needs].map((need) => need.timeToLiveMs));
    const freshMs = Math.round(timeToLiveMs * (0.8 + 0.1 * this.#options.random()));
    this.#schedule(Math.max(0, this.#refreshedAt + freshMs - this.#options.clock.monotonic()));
  }

  #retryMs(): number {
    const longestMs = this.loaded && !this.#isStored ? LONGEST_RETRY_MS : LONGEST_RETRY_UNLOADED_MS;
    return backoffMs(this.#failures, { firstMs: FIRST_RETRY_MS, longestMs }, this.#options.random());
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer?.();
    this.#dueAt = this.#options.clock.monotonic() + delayMs;
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      if (this.#running === undefined) void this.#start();
    });
  }
}
