import type { Check } from '../check.ts';
import type { CounterStore, Demand, Taking } from './store.ts';

// Envoy's retry_policy sends a Check again when its first answer was late or lost, though it was charged. Such
// a repetition gets the first one's answer and is not charged. It is told by what no caller chooses: the stream
// id and the time Envoy gave the request, and the address and port it came from. `x-request-id` is not among
// them, since a caller who may choose it could send any number of requests for the price of one. A Check that
// lacks one of the four is never taken for a repetition.
//
// It is known to this replica only: a repetition that reaches another one is charged again.
//
// Every Check is entered and hardly any is found again: origins lie as bytes in one block that is written round
// and round, so that a Check leaves nothing behind to collect but its answer. A hash leads to the few that may be
// equal, and their bytes decide.

/** Envoy repeats within its time-out, well below this. */
const REMEMBER_MS = 5000;
/** How many Checks are remembered: at 10,000 a second those of the last 3 s. A power of two. */
const PLACES = 32_768;
const BUCKETS = 2 * PLACES;
/** Bytes an origin may take: an IPv6 address, a stream id of 20 digits and the numbers need 80. */
export const MAXIMUM_ORIGIN_BYTES = 112;

type Answer = Taking | Promise<Taking>;

export class Repetitions {
  readonly #monotonic: () => number;
  readonly #origins = new Uint8Array(PLACES * MAXIMUM_ORIGIN_BYTES);
  readonly #lengths = new Uint8Array(PLACES);
  /** 0 where the place is free: no Check hashes to it. */
  readonly #hashes = new Int32Array(PLACES);
  /** Monotonic milliseconds. */
  readonly #enteredAt = new Float64Array(PLACES);
  readonly #demands: (readonly Demand[] | undefined)[] = [];
  readonly #answers: (Answer | undefined)[] = [];
  /** By hash: the place entered last, plus one. */
  readonly #buckets = new Int32Array(BUCKETS);
  /** The place of the same bucket that was entered before, plus one. */
  readonly #before = new Int32Array(PLACES);
  #next = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** As `take`, but the same answer for a Check that was answered before. */
  take(check: Check, demands: readonly Demand[], deadline: number, take: CounterStore['take']): Answer {
    const place = this.#next;
    this.#vacate(place);
    const start = place * MAXIMUM_ORIGIN_BYTES;
    const length = check.writeOrigin(this.#origins, start, MAXIMUM_ORIGIN_BYTES);
    if (length === 0) return take(demands, deadline);
    const hash = hashOf(this.#origins, start, start + length);
    const now = this.#monotonic();
    const known = this.#find(hash, start, length, demands, now);
    if (known !== undefined) return known;
    const answer = take(demands, deadline);
    this.#enter(place, hash, length, demands, answer, now);
    if (answer instanceof Promise) this.#follow(place, answer);
    return answer;
  }

  #find(hash: number, start: number, length: number, demands: readonly Demand[], now: number): Answer | undefined {
    for (let at = this.#buckets[hash & (BUCKETS - 1)] as number; at !== 0; at = this.#before[at - 1] as number) {
      const place = at - 1;
      if (this.#hashes[place] !== hash || this.#lengths[place] !== length) continue;
      if (now - (this.#enteredAt[place] as number) > REMEMBER_MS) continue;
      if (!isSame(this.#origins, start, place * MAXIMUM_ORIGIN_BYTES, length)) continue;
      // Two filters of one request may ask for different APIs.
      if (asksForSame(this.#demands[place] ?? [], demands)) return this.#answers[place];
    }
    return undefined;
  }

  #enter(place: number, hash: number, length: number, demands: readonly Demand[], answer: Answer, now: number): void {
    const bucket = hash & (BUCKETS - 1);
    this.#hashes[place] = hash;
    this.#lengths[place] = length;
    this.#enteredAt[place] = now;
    this.#demands[place] = demands;
    this.#answers[place] = answer;
    this.#before[place] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = place + 1;
    this.#next = (place + 1) & (PLACES - 1);
  }

  /** Takes out what was entered here before. It is the oldest of all, so it ends the chain of its bucket. */
  #vacate(place: number): void {
    const hash = this.#hashes[place] as number;
    if (hash === 0) return;
    this.#hashes[place] = 0;
    this.#answers[place] = undefined;
    const bucket = hash & (BUCKETS - 1);
    if (this.#buckets[bucket] === place + 1) {
      this.#buckets[bucket] = this.#before[place] as number;
      return;
    }
    let at = (this.#buckets[bucket] as number) - 1;
    while (this.#before[at] !== place + 1) at = (this.#before[at] as number) - 1;
    this.#before[at] = this.#before[place] as number;
  }

  /** A failure is no answer: the repetition asks again. */
  #follow(place: number, answer: Promise<Taking>): void {
    const settle = (taking: Taking): void => {
      if (this.#answers[place] === answer) this.#answers[place] = taking;
    };
    const forget = (): void => {
      if (this.#answers[place] === answer) this.#vacate(place);
    };
    answer.then(settle, forget);
  }
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), folded so that the low bits depend on all; never 0. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) | 0 || 1;
}

function isSame(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[one + i] !== bytes[other + i]) return false;
  return true;
}

function asksForSame(some: readonly Demand[], others: readonly Demand[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) {
    if (some[i]?.key !== others[i]?.key || some[i]?.slot !== others[i]?.slot) return false;
  }
  return true;
}
