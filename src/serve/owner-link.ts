import type { Clock } from '../clock.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { ScriptCall, ScriptLink } from '../script/script-call.ts';
import type { ScriptAnswer, ScriptQuestion } from './worker-messages.ts';

interface Waiting {
  readonly answered: (reply: readonly number[] | string) => void;
}

/** Runs scripts on the counters of the owner. All calls of one turn of the event loop are one message. */
export class OwnerLink implements ScriptLink {
  available = true;
  readonly trouble = 'the process that owns the counters is gone';
  readonly #clock: Clock;
  readonly #metrics: CounterMetrics;
  readonly #ask: (calls: readonly ScriptQuestion[]) => void;
  readonly #waiting = new Map<number, Waiting>();
  #calls: ScriptQuestion[] = [];
  #lastId = 0;

  constructor(clock: Clock, metrics: CounterMetrics, ask: (calls: readonly ScriptQuestion[]) => void) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#ask = ask;
  }

  run(
    { script, keys, args, keyspaces }: ScriptCall,
    until: number,
    late?: (reply: readonly number[]) => void,
  ): Promise<readonly number[]> {
    const askedAt = this.#clock.monotonic();
    const budgetMs = until - askedAt;
    if (!this.available) return Promise.reject(new StoreUnavailable(this.trouble));
    if (budgetMs <= 0) return Promise.reject(new StoreUnavailable('no time is left to ask for quota'));
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
    const id = ++this.#lastId;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#metrics.storeCall(script.name, 'late', budgetMs);
      reject(new StoreUnavailable(`the owner of the counters did not answer within ${Math.round(budgetMs)} ms`));
    }, budgetMs);
    const answered = (reply: readonly number[] | string): void => {
      clearTimeout(timer);
      const isRefused = typeof reply === 'string';
      if (!isLate) {
        const outcome = isRefused ? 'failed' : 'answered';
        this.#metrics.storeCall(script.name, outcome, this.#clock.monotonic() - askedAt);
      } else if (!isRefused) late?.(reply);
      if (isRefused) reject(new StoreUnavailable(reply));
      else resolve(reply);
    };
    this.#waiting.set(id, { answered });
    if (this.#calls.length === 0) queueMicrotask(() => this.#send());
    this.#calls.push({ id, script: script.name, keys, args, keyspaces });
    return promise;
  }

  answer(answers: readonly ScriptAnswer[]): void {
    for (const { id, reply } of answers) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      waiting?.answered(reply);
    }
  }

  #send(): void {
    const calls = this.#calls;
    this.#calls = [];
    this.#ask(calls);
  }
}
