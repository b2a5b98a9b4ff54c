/**
 * Admits at most so many requests in any period of this length, wherever the period begins. It keeps the time of each
 * admission for one period, 8 bytes each.
 */
export class SlidingWindow {
  readonly maximum: number;
  readonly #periodMs: number;
  /** A ring of the times of admissions in monotonic milliseconds; the oldest is at {@link #start}. */
  #times = new Float64Array(16);
  #start = 0;
  #count = 0;

  constructor(maximum: number, periodMs: number) {
    this.maximum = maximum;
    this.#periodMs = periodMs;
  }

  /** Whether one more request is admitted now. If so, it counts from now on. */
  take(now: number): boolean {
    this.#forget(now);
    if (this.#count === this.maximum) return false;
    if (this.#count === this.#times.length) this.#grow();
    this.#times[(this.#start + this.#count) % this.#times.length] = now;
    this.#count += 1;
    return true;
  }

  remaining(now: number): number {
    this.#forget(now);
    return this.maximum - this.#count;
  }

  /** Milliseconds until the oldest admission no longer counts; the whole period if there is none. */
  resetMs(now: number): number {
    this.#forget(now);
    return this.#count === 0 ? this.#periodMs : this.#at(0) + this.#periodMs - now;
  }

  /** When a request with so many others before it can be admitted: now, or later. */
  freeAt(before: number, now: number): number {
    this.#forget(now);
    const rounds = Math.floor(before / this.maximum);
    const place = (before % this.maximum) - (this.maximum - this.#count);
    const first = place < 0 ? now : this.#at(place) + this.#periodMs;
    return first + rounds * this.#periodMs;
  }

  #at(place: number): number {
    return this.#times[(this.#start + place) % this.#times.length] as number;
  }

  #forget(now: number): void {
    while (this.#count > 0 && this.#at(0) + this.#periodMs <= now) {
      this.#start = (this.#start + 1) % this.#times.length;
      this.#count -= 1;
    }
  }

  #grow(): void {
    const times = new Float64Array(Math.min(this.maximum, this.#times.length * 2));
    for (let i = 0; i < this.#count; i++) times[i] = this.#at(i);
    this.#times = times;
    this.#start = 0;
  }
}
