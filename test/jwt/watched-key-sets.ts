import { expect } from 'vitest';
import type { KeySetStore } from '../../src/jwt/key-set-folder.ts';
import type { KeySetFetch } from '../../src/jwt/key-set-report.ts';
import { createKeySets } from '../../src/jwt/key-sets.ts';
import type { KeySets } from '../../src/jwt/key-sets.ts';
import { localTransport } from '../egress/local-transport.ts';
import { ManualTime } from './manual-time.ts';

/** Key sets over the real network, on time that passes when a test says so. */
export class WatchedKeySets {
  readonly time = new ManualTime();
  readonly fetches: KeySetFetch[] = [];
  readonly sets: KeySets = createKeySets({
    fetch: localTransport(),
    clock: this.time,
    timers: this.time,
    random: () => 0.5,
    onFetch: (fetch) => this.fetches.push(fetch),
    store: {
      read: async (url) => this.#store?.read(url),
      write: async (url, set) => this.#store?.write(url, set),
    },
  });
  #store: KeySetStore | undefined;

  /** Before sets are held. */
  keep(store: KeySetStore): void {
    this.#store = store;
  }

  get outcomes(): readonly string[] {
    return this.fetches.map(({ outcome }) => outcome);
  }

  /** Waits, in real time, until so many fetches have ended. */
  async ended(count: number): Promise<void> {
    await expect.poll(() => this.fetches.length, { interval: 2, timeout: 5000 }).toBe(count);
  }

  [Symbol.dispose](): void {
    this.sets.close();
  }
}

export const NEED = { timeToLiveMs: 3_600_000, timeoutMs: 10_000 };
