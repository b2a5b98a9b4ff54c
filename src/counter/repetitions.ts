import type { Check } from '../check.ts';
import type { CounterStore, Demand, Taking } from './store.ts';

// Envoy's retry_policy sends a Check again when its first answer was late or lost, though it was charged. Such
// a repetition gets the first one's answer and is not charged. It is told by what no caller chooses: the stream
// id and the time Envoy gave the request, and the address and port it came from. `x-request-id` is not among
// them, since a caller who may choose it could send any number of requests for the price of one. A Check that
// lacks one of the four is never taken for a repetition.
//
// It is known to this replica only: a repetition that reaches another one is charged again.

/** Envoy repeats within its time-out, well below this. */
const REMEMBER_MS = 5000;
/** Of two generations, so that forgetting costs nothing: at 10,000 Checks a second the last 1.6 to 3.2 s. */
const GENERATION = 16_384;

type Answer = Taking | Promise<Taking>;

export class Repetitions {
  #young = new Map<string, Answer>();
  #old = new Map<string, Answer>();
  #since = -Infinity;
  readonly #monotonic: () => number;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** As `take`, but the same answer for a Check that was answered before. */
  take(check: Check, demands: readonly Demand[], deadline: number, take: CounterStore['take']): Answer {
    const name = nameOf(check, demands);
    if (name === undefined) return take(demands, deadline);
    this.#age();
    const known = this.#young.get(name) ?? this.#old.get(name);
    if (known !== undefined) return known;
    const answer = take(demands, deadline);
    this.#young.set(name, answer);
    if (answer instanceof Promise) this.#follow(name, answer);
    return answer;
  }

  /** A failure is no answer: the repetition asks again. */
  #follow(name: string, answer: Promise<Taking>): void {
    answer.then(
      (taking) => this.#young.has(name) && this.#young.set(name, taking),
      () => {
        this.#young.delete(name);
        return this.#old.delete(name);
      },
    );
  }

  #age(): void {
    const now = this.#monotonic();
    const due = now - this.#since >= REMEMBER_MS;
    if (!due && this.#young.size < GENERATION) return;
    this.#old = due && now - this.#since >= 2 * REMEMBER_MS ? new Map() : this.#young;
    this.#young = new Map();
    this.#since = now;
  }
}

function nameOf(
  { streamId, requestTime, sourceAddress, sourcePort }: Check,
  demands: readonly Demand[],
): string | undefined {
  if (streamId === '' || requestTime === '' || sourceAddress === '' || sourcePort === 0) return undefined;
  let name = `${streamId}\n${requestTime}\n${sourceAddress}\n${sourcePort}`;
  // Two filters of one request may ask for different APIs.
  for (const { slot, key } of demands) name += `\n${slot}\n${key}`;
  return name;
}
