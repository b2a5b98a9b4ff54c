import type { TokenCache, TokenMemory } from '../jwt/token-memory.ts';

interface Entry<Value> {
  readonly value: Value;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/**
 * Answers by the digest of their credential, bounded in number and memory. The least recently used are removed first.
 */
export class Remembered<Value> {
  readonly #memory: TokenMemory;
  readonly #cache: TokenCache<Entry<Value>>;
  readonly #halfEntries: number;
  #recentEntries = 0;

  /** @param memory bounds the bytes of all maps that share it */
  constructor(memory: TokenMemory, maxEntries: number) {
    this.#memory = memory;
    this.#cache = memory.open();
    this.#halfEntries = Math.ceil(maxEntries / 2);
  }

  get(digest: string, now: number): Value | undefined {
    const entry = this.#cache.get(digest);
    if (entry === undefined) return undefined;
    if (now < entry.until) return entry.value;
    this.#cache.delete(digest);
    return undefined;
  }

  set(digest: string, value: Value, until: number, bytes: number): void {
    if (++this.#recentEntries > this.#halfEntries) {
      this.#cache.age();
      this.#recentEntries = 1;
    }
    this.#cache.set(digest, { value, until }, bytes);
  }

  close(): void {
    this.#memory.close(this.#cache);
  }
}
