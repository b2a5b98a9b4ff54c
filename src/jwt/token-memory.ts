/**
 * The memory for tokens, shared by several caches. It forgets in generations: when half of the limit was filled
 * again, all tokens that were not used in that time are forgotten at once. Like an LRU list, this keeps the tokens in
 * use, and it adds almost nothing to a look-up.
 */
export class TokenMemory {
  readonly #halfBytes: number;
  readonly #caches = new Set<TokenCache<unknown>>();
  #recentBytes = 0;

  /** @param limitBytes bounds the sum of the callers' estimates */
  constructor(limitBytes: number) {
    this.#halfBytes = limitBytes / 2;
  }

  /** Opens a cache. Caches do not see each other's entries. */
  open<Value>(): TokenCache<Value> {
    const cache = new TokenCache<Value>((bytes) => this.#reserve(bytes));
    this.#caches.add(cache);
    return cache;
  }

  close(cache: TokenCache<unknown>): void {
    if (!this.#caches.delete(cache)) return;
    this.#recentBytes -= cache.recentBytes;
    cache.clear();
  }

  /** The bytes in use, at most the limit. */
  get bytes(): number {
    let bytes = 0;
    for (const cache of this.#caches) bytes += cache.bytes;
    return bytes;
  }

  #reserve(bytes: number): boolean {
    if (bytes > this.#halfBytes) return false;
    if (this.#recentBytes + bytes > this.#halfBytes) {
      for (const cache of this.#caches) cache.age();
      this.#recentBytes = 0;
    }
    this.#recentBytes += bytes;
    return true;
  }
}

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Values by the end of their token's text. */
export class TokenCache<Value> {
  readonly #reserve: (bytes: number) => boolean;
  #recent = new Map<string, Entry<Value>>();
  #aged = new Map<string, Entry<Value>>();
  /** The bytes of the recent generation. */
  recentBytes = 0;
  #agedBytes = 0;

  /** @param reserve requests memory; it may age this cache before it returns */
  constructor(reserve: (bytes: number) => boolean) {
    this.#reserve = reserve;
  }

  get bytes(): number {
    return this.recentBytes + this.#agedBytes;
  }

  get(name: string): Value | undefined {
    const entry = this.#recent.get(name);
    if (entry !== undefined) return entry.value;
    const aged = this.#aged.get(name);
    if (aged === undefined) return undefined;
    this.#forgetAged(name, aged);
    this.set(name, aged.value, aged.bytes);
    return aged.value;
  }

  /** Replaces the value. Stores nothing if it is larger than the memory allows. */
  set(name: string, value: Value, bytes: number): void {
    this.delete(name);
    if (!this.#reserve(bytes)) return;
    this.#recent.set(name, { value, bytes });
    this.recentBytes += bytes;
  }

  delete(name: string): void {
    // The bytes of a removed recent entry stay charged until its generation ends: the limit still holds.
    this.#recent.delete(name);
    const aged = this.#aged.get(name);
    if (aged !== undefined) this.#forgetAged(name, aged);
  }

  age(): void {
    this.#aged = this.#recent;
    this.#agedBytes = this.recentBytes;
    this.#recent = new Map();
    this.recentBytes = 0;
  }

  clear(): void {
    this.#recent.clear();
    this.#aged.clear();
    this.recentBytes = 0;
    this.#agedBytes = 0;
  }

  #forgetAged(name: string, entry: Entry<Value>): void {
    this.#aged.delete(name);
    this.#agedBytes -= entry.bytes;
  }
}
