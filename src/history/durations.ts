import { BUCKETS, LOWEST_BUCKET } from '../rollup/histogram.ts';

// Histograms of durations as bytes: for each bucket its number and its count, each as a varint. The concatenation of
// two histograms is their sum. So databases add histograms by joining bytes, and the reader adds up the counts.

const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/**
 * @param pairs in the format of `Measures.durations`; negative counts correct earlier ones
 * @returns hexadecimal digits, for {@link tableOf}
 */
export function encodeDurations(pairs: readonly number[]): string {
  let hex = '';
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const count = pairs[at + 1] as number;
    if (count === 0) continue;
    hex += varint((pairs[at] as number) - LOWEST_BUCKET) + varint(count < 0 ? -2 * count - 1 : 2 * count);
  }
  return hex;
}

function varint(value: number): string {
  let hex = '';
  let rest = value;
  while (rest > 127) {
    hex += HEX[(rest % 128) + 128] as string;
    rest = Math.floor(rest / 128);
  }
  return hex + (HEX[rest] as string);
}

/** Adds up any number of histograms. */
export class Durations {
  readonly #counts = new Float64Array(BUCKETS);

  /** Ignores bytes that are not a histogram. */
  add(octets: Uint8Array): void {
    let at = 0;
    const next = (): number => {
      let value = 0;
      let scale = 1;
      for (;;) {
        const octet = octets[at++];
        if (octet === undefined) return Number.NaN;
        value += (octet & 127) * scale;
        if (octet < 128) return value;
        scale *= 128;
      }
    };
    while (at < octets.length) {
      const bucket = next();
      const count = next();
      if (!(bucket < BUCKETS) || Number.isNaN(count)) return;
      this.#counts[bucket] = (this.#counts[bucket] as number) + (count % 2 === 1 ? -(count + 1) / 2 : count / 2);
    }
  }

  /** In the format of `Measures.durations`. */
  pairs(): number[] {
    const pairs: number[] = [];
    this.#counts.forEach((count, bucket) => {
      if (count !== 0) pairs.push(bucket + LOWEST_BUCKET, count);
    });
    return pairs;
  }
}
