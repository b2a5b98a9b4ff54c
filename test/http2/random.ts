/** A generator of its own for each test, so that a failure can be repeated by its seed (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** 0 ≤ n < `below` */
  integer(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(values.length)]!;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.integer(256)));
  }

  /** Printable ASCII. */
  text(length: number): string {
    return String.fromCharCode(...Array.from({ length }, () => 0x21 + this.integer(94)));
  }

  /** A copy with some octets changed, dropped, doubled or made up. */
  mutate(octets: Buffer): Buffer {
    let result = Buffer.from(octets);
    for (let times = 1 + this.integer(4); times > 0 && result.length > 0; times--) {
      const at = this.integer(result.length);
      const to = Math.min(result.length, at + 1 + this.integer(12));
      const how = this.integer(5);
      if (how === 0) result[at] = this.integer(256);
      else if (how === 1) result[at]! ^= 1 << this.integer(8);
      else if (how === 2) result = Buffer.concat([result.subarray(0, at), result.subarray(to)]);
      else if (how === 3) result = Buffer.concat([result.subarray(0, to), result.subarray(at)]);
      else result = Buffer.concat([result.subarray(0, at), this.bytes(1 + this.integer(6)), result.subarray(at)]);
    }
    return result;
  }
}
