import type { Moment, Clock } from '../clock.ts';
import type { Hold } from '../quota/charge-both.ts';
import type { ReplicaCounters } from '../quota/scoped-store.ts';
import type { Demand, Taking } from '../quota/store.ts';
import { giveBackCall } from '../script/lease-calls.ts';
import { keyOf, readTake, takeCall, UNTAGGED } from '../script/script-call.ts';
import type { ScriptLink, TakeReply, Wish } from '../script/script-call.ts';
import { RESET } from '../script/scripts.ts';
import { KnownWindows } from './known-windows.ts';

// Counters in memory that several processes share. One process owns them, and the others send it the same scripts that
// replicas send to Redis. So workers lease from their owner as replicas lease from Redis, with the same exactness.

const COUNT_ONE = { want: 1, least: 1, need: 1, share: 1 };

/** Quota of the scope `replica` beside a store of the mesh: all workers of a process are one replica. */
export class SharedReplicaCounters implements ReplicaCounters {
  readonly #link: ScriptLink;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(link: ScriptLink, clock: Clock, timeoutMs: number) {
    this.#link = link;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  async take(demands: readonly Demand[]): Promise<Taking> {
    return (await this.#ask(demands, COUNT_ONE)).taking;
  }

  async hold(demands: readonly Demand[]): Promise<Hold> {
    const { reply, taking } = await this.#ask(demands, COUNT_ONE);
    let isHeld = reply.charged > 0;
    const giveBack = (): void => {
      if (isHeld) this.#giveBack(demands, reply);
      isHeld = false;
    };
    return { taking, giveBack };
  }

  async peek(demands: readonly Demand[]): Promise<Taking> {
    if (demands.length === 0) return { granted: true, windows: [] };
    const { taking } = await this.#ask(demands, { ...COUNT_ONE, want: 0 });
    const fits = taking.windows.every((states, d) =>
      states.every(({ remaining }) => (demands[d]?.cost ?? 0) <= remaining),
    );
    return { ...taking, granted: fits };
  }

  async reset(demands: readonly Demand[]): Promise<number> {
    let closed = 0;
    for (const demand of demands) {
      const call = { script: RESET, keys: [keyOf(UNTAGGED, demand)], args: [] };
      const [open = 0] = await this.#link.run(call, this.#now().mono + this.#timeoutMs);
      closed += open;
    }
    return closed;
  }

  #giveBack(demands: readonly Demand[], reply: TakeReply): void {
    const asked = this.#now();
    for (const [d, demand] of demands.entries()) {
      const debit = { units: demand.cost, epochs: [reply.epochs[d] ?? 0], windows: [reply.windows[d] ?? []] };
      const call = giveBackCall(UNTAGGED, [demand], { ...debit, asked });
      // If it is lost, the units stay charged: less is admitted, never more.
      this.#link.run(call, asked.mono + this.#timeoutMs).catch(() => {});
    }
  }

  async #ask(demands: readonly Demand[], wish: Wish): Promise<{ reply: TakeReply; taking: Taking }> {
    const asked = this.#now();
    const costs = demands.map(({ cost }) => cost);
    const call = takeCall(UNTAGGED, demands, costs, wish, asked.wall);
    // If it is late, the units stay charged: less is admitted, never more.
    const reply = readTake(demands, await this.#link.run(call, asked.mono + this.#timeoutMs));
    return { reply, taking: KnownWindows.of(reply, asked).taking(reply.charged > 0, demands, this.#now()) };
  }

  #now(): Moment {
    return { mono: this.#clock.monotonic(), wall: this.#clock.now() };
  }
}
