import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import type { Clock } from '../clock.ts';

export interface WatchOptions {
  /** Quiet time after an event before the change counts as complete. */
  readonly debounceMs: number;
  /** How often it checks without an event: some file systems have no events. */
  readonly pollMs: number;
  readonly clock: Clock;
}

/** Files that could not be read are tried again after at most this time. */
const RETRY_MS = 5000;

/**
 * Calls back after changes in directories, and every `pollMs` in any case: the callback checks itself whether something
 * has changed. It watches directories, not files: a mounted ConfigMap changes by a swap of its `..data` link, which a
 * watch on a file never sees.
 */
export class DirectoryWatch {
  readonly #options: WatchOptions;
  readonly #look: () => Promise<boolean>;
  #poll: NodeJS.Timeout | undefined;
  #watchers: FSWatcher[] = [];
  #quiet: NodeJS.Timeout | undefined;
  /** The latest time of the callback during a burst of events. */
  #burstEnd = 0;
  #closed = false;

  /** @param look returns whether all files could be checked; must not reject */
  constructor(options: WatchOptions, look: () => Promise<boolean>) {
    this.#options = options;
    this.#look = look;
    this.#pollAfter(options.pollMs);
  }

  #pollAfter(delayMs: number): void {
    if (this.#closed) return;
    this.#poll = setTimeout(() => void this.#lookAndPoll(), delayMs);
    this.#poll.unref();
  }

  async #lookAndPoll(): Promise<void> {
    const { clock, pollMs } = this.#options;
    const startedAt = clock.monotonic();
    const answered = await this.#look();
    // Checking very many files takes long: it uses at most a twentieth of the time.
    const restMs = 20 * (clock.monotonic() - startedAt);
    this.#pollAfter(Math.max(pollMs, answered ? restMs : Math.min(restMs, RETRY_MS)));
  }

  /** Watches these directories from now on. One that was replaced by another of its name is found again. */
  follow(directories: Iterable<string>): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    if (this.#closed) return;
    for (const directory of new Set(directories)) {
      try {
        const watcher = watch(directory, { persistent: false }, () => this.#event());
        // A removed directory ends its watch; polling finds the rest.
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // It does not exist, or the system has no watches left: polling covers it.
      }
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#poll);
    clearTimeout(this.#quiet);
    this.follow([]);
  }

  #event(): void {
    const { clock, debounceMs } = this.#options;
    const now = clock.monotonic();
    if (this.#quiet === undefined) this.#burstEnd = now + 5 * debounceMs;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(
      () => {
        this.#quiet = undefined;
        void this.#look();
      },
      Math.max(0, Math.min(debounceMs, this.#burstEnd - now)),
    );
    this.#quiet.unref();
  }
}
