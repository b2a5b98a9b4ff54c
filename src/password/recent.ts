import type { Clock } from '../clock.ts';

/** A bounded set of names that were added within a period. If it is full, the oldest is removed. */
export class Recent {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #maximum: number;
  /** When each name expires; the oldest first. */
  readonly #ends = new Map<string, number>();

  constructor(clock: Clock, ttlMs: number, maximum: number) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#ends.size;
  }

  has(name: string): boolean {
    const end = this.#ends.get(name);
    if (end === undefined) return false;
    if (end > this.#clock.monotonic()) return true;
    this.#ends.delete(name);
    return false;
  }

  add(name: string): void {
    this.#ends.delete(name);
    if (this.#ends.size >= this.#maximum) {
      const [oldest = ''] = this.#ends.keys();
      this.#ends.delete(oldest);
    }
    this.#ends.set(name, this.#clock.monotonic() + this.#ttlMs);
  }

  clear(): void {
    this.#ends.clear();
  }
}
