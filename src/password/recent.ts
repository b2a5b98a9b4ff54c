import type { Clock } from '../clock.ts';

/** Names that were noted within a time, at most so many: the oldest make room. */
export class Recent {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #maximum: number;
  /** By name, when it ends; the oldest first. */
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
