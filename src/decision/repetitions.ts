import type { Limit } from '../quota/limit.ts';
import type { CounterStore, Demand, Taking, WindowState } from '../quota/store.ts';
import type { Check } from '../request/check.ts';

// Envoy's retry_policy sends a Check again when its first answer was late or lost, though it was charged. Such a
// repetition gets the first one's answer and is not charged. It is recognised by values that no caller chooses: the
// stream id and the time that Envoy gave the request, and its source address and port. `x-request-id` is not used,
// since a caller who can choose it could send any number of requests for the price of one. A Check that lacks one of
// the four never counts as a repetition.
//
// Only this replica knows it: a repetition that reaches another replica is charged again.
//
// Every Check is entered, and hardly any is found again. So origins and answers are stored as bytes and numbers in ring
// buffers, and a Check leaves no garbage. A hash leads to the few origins that may be equal, and a comparison of their
// bytes decides.

/** Envoy repeats within its time-out, well below this. */
const REMEMBER_MS = 5000;
/** How many Checks are remembered: at 10,000 a second, those of the last 3 s. A power of two. */
const PLACES = 32_768;
const BUCKETS = 2 * PLACES;
/** Bytes an origin may take, whole words: an IPv6 address, a stream id of 20 digits and the numbers need 80. */
const ORIGIN_BYTES = 112;
/** The number of windows of a decision that are kept as numbers; if there are more, the answer itself is kept. */
const WINDOWS = 4;
/** Replaces the number of windows: the answer itself is kept. */
const KEPT_WHOLE = 255;

type Answer = Taking | Promise<Taking>;

export class Repetitions {
  readonly #origins = new Uint8Array(PLACES * ORIGIN_BYTES);
  /** The same in words of four bytes, the last one padded with zeros: four times as fast to hash and compare. */
  readonly #words = new Int32Array(this.#origins.buffer);
  readonly #lengths = new Uint8Array(PLACES);
  /** 0 if the place is free: no Check hashes to 0. */
  readonly #hashes = new Int32Array(PLACES);
  /** Monotonic milliseconds. */
  readonly #enteredAt = new Float64Array(PLACES);
  /** The counters that were charged. */
  readonly #names: string[] = [];
  /** {@link KEPT_WHOLE}, or how many of {@link #states} are the answer's. */
  readonly #counts = new Uint8Array(PLACES);
  /** Units that remained, and milliseconds to the end, of each window. */
  readonly #states = new Float64Array(PLACES * WINDOWS * 2);
  readonly #whole: (Answer | undefined)[] = [];
  /** By hash: the place entered last, plus one. */
  readonly #buckets = new Int32Array(BUCKETS);
  /** The place of the same bucket that was entered before, plus one. */
  readonly #before = new Int32Array(PLACES);
  #next = 0;

  /**
   * As `take`, but the same answer for a Check that was answered before.
   * @param now monotonic milliseconds
   */
  take(check: Check, demands: readonly Demand[], deadline: number, now: number, take: CounterStore['take']): Answer {
    const place = this.#next;
    this.#vacate(place);
    const start = place * ORIGIN_BYTES;
    const length = check.writeOrigin(this.#origins, start, ORIGIN_BYTES);
    if (length === 0) return take(demands, deadline);
    for (let at = start + length; at % 4 !== 0; at++) this.#origins[at] = 0;
    const hash = hashOf(this.#words, start >> 2, (start + length + 3) >> 2);
    const name = nameOf(demands);
    const known = this.#find(hash, start, length, name, now);
    if (known >= 0) return this.#answer(known, demands);
    const answer = take(demands, deadline);
    this.#enter(place, hash, length, now);
    this.#names[place] = name;
    this.#keep(place, answer);
    if (answer instanceof Promise) this.#follow(place, answer);
    return answer;
  }

  /** −1 where no Check like it is known. */
  #find(hash: number, start: number, length: number, name: string, now: number): number {
    for (let at = this.#buckets[hash & (BUCKETS - 1)] as number; at !== 0; at = this.#before[at - 1] as number) {
      const place = at - 1;
      if (this.#hashes[place] !== hash || this.#lengths[place] !== length) continue;
      if (now - (this.#enteredAt[place] as number) > REMEMBER_MS) continue;
      // Two filters may ask about one request for different APIs.
      if (this.#names[place] !== name) continue;
      if (isSame(this.#words, start >> 2, (place * ORIGIN_BYTES) >> 2, (length + 3) >> 2)) return place;
    }
    return -1;
  }

  #enter(place: number, hash: number, length: number, now: number): void {
    const bucket = hash & (BUCKETS - 1);
    this.#hashes[place] = hash;
    this.#lengths[place] = length;
    this.#enteredAt[place] = now;
    this.#before[place] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = place + 1;
    this.#next = (place + 1) & (PLACES - 1);
  }

  #keep(place: number, answer: Answer): void {
    const count = answer instanceof Promise ? KEPT_WHOLE : windowsOf(answer);
    this.#counts[place] = count;
    if (answer instanceof Promise || count === KEPT_WHOLE) {
      this.#whole[place] = answer;
      return;
    }
    let at = place * WINDOWS * 2;
    for (const windows of answer.windows) {
      for (const { remaining, resetMs } of windows) {
        this.#states[at++] = remaining;
        this.#states[at++] = resetMs;
      }
    }
  }

  #answer(place: number, demands: readonly Demand[]): Answer {
    const whole = this.#whole[place];
    if (whole !== undefined) return whole;
    let at = place * WINDOWS * 2;
    const all = demands.reduce((count, { limits }) => count + limits.length, 0);
    // If a reload has changed the limits in the meantime, the answer has no windows.
    if (all !== this.#counts[place]) return { granted: true, windows: demands.map(() => []) };
    const stateOf = (limit: Limit): WindowState => ({
      limit,
      remaining: this.#states[at++] as number,
      resetMs: this.#states[at++] as number,
    });
    return { granted: true, windows: demands.map(({ limits }) => limits.map(stateOf)) };
  }

  /** Removes the earlier entry in this place. */
  #vacate(place: number): void {
    const hash = this.#hashes[place] as number;
    if (hash === 0) return;
    this.#hashes[place] = 0;
    this.#whole[place] = undefined;
    const bucket = hash & (BUCKETS - 1);
    let later = 0;
    for (let at = this.#buckets[bucket] as number; at !== place + 1; at = this.#before[at - 1] as number) later = at;
    if (later === 0) this.#buckets[bucket] = this.#before[place] as number;
    else this.#before[later - 1] = this.#before[place] as number;
  }

  /** A failure is not remembered: the repetition asks the store again. */
  #follow(place: number, answer: Promise<Taking>): void {
    const settle = (taking: Taking): void => {
      if (this.#whole[place] !== answer) return;
      this.#whole[place] = undefined;
      this.#keep(place, taking);
    };
    const forget = (): void => {
      if (this.#whole[place] === answer) this.#vacate(place);
    };
    answer.then(settle, forget);
  }
}

/** {@link KEPT_WHOLE} if they are too many, or if the answer has more than windows. */
function windowsOf({ granted, windows, byOutagePolicy }: Taking): number {
  let count = 0;
  for (const list of windows) count += list.length;
  return !granted || byOutagePolicy === true || count > WINDOWS ? KEPT_WHOLE : count;
}

function nameOf(demands: readonly Demand[]): string {
  return demands.length === 1 ? (demands[0] as Demand).key : demands.map(({ key }) => key).join('\n');
}

/** As FNV-1a, but a word at a time, folded after each so that the low bits depend on all; never 0. */
function hashOf(words: Int32Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ (words[at] as number), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash || 1;
}

function isSame(words: Int32Array, one: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (words[one + i] !== words[other + i]) return false;
  return true;
}
