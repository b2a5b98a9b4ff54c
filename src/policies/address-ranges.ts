import type { IpAddress, Ipv6Words } from '../request/ip-address.ts';

/** A range of addresses, first and last included. An address has one word of 32 bits (IPv4) or four (IPv6). */
export interface AddressRange {
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** Steps of work between two pauses. Checks are decided in the pauses. */
const STRIDE = 64;

/**
 * A set of addresses, stored as sorted ranges that do not touch. A look-up is a binary search: 17 steps for 100,000
 * ranges. A prefix tree could also return the longest prefix, which nobody needs, and would take several times the
 * memory.
 */
export class AddressRanges {
  readonly #v4: SortedRanges;
  readonly #v6: SortedRanges;

  private constructor(v4: SortedRanges, v6: SortedRanges) {
    this.#v4 = v4;
    this.#v6 = v6;
  }

  /** Builds a set. It yields between the steps of the work. */
  static *of(ranges: readonly AddressRange[]): Generator<void, AddressRanges> {
    const v4 = yield* sortRanges(
      ranges.filter(({ first }) => first.length === 1),
      1,
    );
    const v6 = yield* sortRanges(
      ranges.filter(({ first }) => first.length === 4),
      4,
    );
    return new AddressRanges(v4, v6);
  }

  has(address: IpAddress): boolean {
    return typeof address === 'number' ? hasWord(this.#v4, address) : hasWords(this.#v6, address);
  }

  /** The number of disjoint ranges. 0: the set is empty. */
  get size(): number {
    return this.#v4.count + this.#v6.count;
  }
}

/** The bounds of all ranges in one array, each in the words of its family. */
interface SortedRanges {
  readonly count: number;
  readonly firsts: Uint32Array;
  readonly lasts: Uint32Array;
}

function hasWord({ count, firsts, lasts }: SortedRanges, address: number): boolean {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((firsts[middle] as number) <= address) low = middle + 1;
    else high = middle;
  }
  return low > 0 && address <= (lasts[low - 1] as number);
}

function hasWords({ count, firsts, lasts }: SortedRanges, address: Ipv6Words): boolean {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareWords(firsts, middle * 4, address, 0, 4) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && compareWords(address, 0, lasts, (low - 1) * 4, 4) <= 0;
}

function compareWords(a: Uint32Array, atA: number, b: Uint32Array, atB: number, words: number): number {
  for (let i = 0; i < words; i++) {
    const [left, right] = [a[atA + i] as number, b[atB + i] as number];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function* sortRanges(ranges: readonly AddressRange[], words: 1 | 4): Generator<void, SortedRanges> {
  const firsts = new Uint32Array(ranges.length * words);
  const lasts = new Uint32Array(ranges.length * words);
  for (const [index, { first, last }] of ranges.entries()) {
    firsts.set(first, index * words);
    lasts.set(last, index * words);
    if (index % STRIDE === 0) yield;
  }
  const order = yield* mergeSort(ranges.length, (a, b) => compareWords(firsts, a * words, firsts, b * words, words));
  const merged = { firsts: new Uint32Array(firsts.length), lasts: new Uint32Array(lasts.length) };
  let count = 0;
  for (const [step, index] of order.entries()) {
    if (step % STRIDE === 0) yield;
    const at = index * words;
    const previous = (count - 1) * words;
    if (count > 0 && compareWords(firsts, at, merged.lasts, previous, words) <= 0) {
      if (compareWords(lasts, at, merged.lasts, previous, words) > 0) {
        merged.lasts.set(lasts.subarray(at, at + words), previous);
      }
      continue;
    }
    merged.firsts.set(firsts.subarray(at, at + words), count * words);
    merged.lasts.set(lasts.subarray(at, at + words), count * words);
    count += 1;
  }
  return { count, firsts: merged.firsts.slice(0, count * words), lasts: merged.lasts.slice(0, count * words) };
}

/** Sorts the numbers below `count`, with pauses. The engine's own sort would block Checks. */
function* mergeSort(count: number, compare: (a: number, b: number) => number): Generator<void, Uint32Array> {
  let from = Uint32Array.from({ length: count }, (_, index) => index);
  let to = new Uint32Array(count);
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count);
      const end = Math.min(start + 2 * width, count);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at++) {
        if (at % STRIDE === 0) yield;
        const takesLeft = left < middle && (right >= end || compare(from[left] as number, from[right] as number) <= 0);
        to[at] = from[takesLeft ? left++ : right++] as number;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
