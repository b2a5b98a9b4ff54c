import type { Clock } from '../clock.ts';
import { RedisLink } from './redis-link.ts';
import type { LinkOptions } from './redis-link.ts';
import { keyOf, readTake, stateOf, takeCall } from './script-call.ts';
import type { TakeReply } from './script-call.ts';
import { RESET } from './scripts.ts';
import type { CounterStore, Demand, StoreHealth, Taking } from './store.ts';

export interface RedisStoreOptions extends LinkOptions {
  /** Before every key. */
  readonly prefix: string;
}

/** Counts in Redis, one script call a decision: exact over all replicas. */
export class RedisCounterStore implements CounterStore {
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #link: RedisLink;

  constructor(clock: Clock, options: RedisStoreOptions) {
    this.#clock = clock;
    this.#prefix = options.prefix;
    this.#link = new RedisLink(clock, options);
  }

  async take(demands: readonly Demand[], deadline: number): Promise<Taking> {
    const reply = await this.#ask(demands, 1, deadline);
    return { granted: reply.granted > 0, windows: this.#states(demands, reply) };
  }

  async peek(demands: readonly Demand[], deadline: number): Promise<Taking> {
    const windows = this.#states(demands, await this.#ask(demands, 0, deadline));
    const granted = windows.every((states, d) =>
      states.every(({ remaining }) => (demands[d]?.cost ?? Infinity) <= remaining),
    );
    return { granted, windows };
  }

  async reset(demands: readonly Demand[], deadline: number): Promise<number> {
    let closed = 0;
    for (const demand of demands) {
      const keys = [keyOf(this.#prefix, demand)];
      closed += (await this.#link.run({ script: RESET, keys, args: [] }, deadline))[0] as number;
    }
    return closed;
  }

  health(): StoreHealth {
    const { available } = this.#link;
    return { kind: 'redis', available, detail: available ? 'connected to Redis' : this.#link.trouble };
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #ask(demands: readonly Demand[], want: 0 | 1, deadline: number): Promise<TakeReply> {
    const costs = demands.map(({ cost }) => cost);
    const call = takeCall(this.#prefix, demands, costs, { want, least: 1 }, this.#clock.now());
    return readTake(demands, await this.#link.run(call, deadline));
  }

  #states(demands: readonly Demand[], { windows }: TakeReply): Taking['windows'] {
    const nowMs = this.#clock.now();
    return demands.map(({ limits }, d) =>
      (windows[d] ?? []).map((held, i) => stateOf(limits[i] as (typeof limits)[number], held, nowMs)),
    );
  }
}
