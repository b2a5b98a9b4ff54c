import { settle } from '../settle.ts';
import { merge } from './charge-both.ts';
import type { Hold } from './charge-both.ts';
import type { CounterStore, Demand, StoreHealth, Taking } from './store.ts';

// Demands of the scope `replica` are counted in this process, those of the mesh in Redis. A request that has both is
// charged here first, because a local charge can always be undone if the mesh refuses.

/** Where quota of the scope `replica` is counted. */
export interface ReplicaCounters {
  take(demands: readonly Demand[]): Taking | Promise<Taking>;
  /** {@link take} that can be taken back. */
  hold(demands: readonly Demand[]): Hold | Promise<Hold>;
  peek(demands: readonly Demand[]): Taking | Promise<Taking>;
  reset(demands: readonly Demand[]): number | Promise<number>;
}

const EMPTY: Taking = { granted: true, windows: [] };

export class ScopedCounterStore implements CounterStore {
  readonly #replica: ReplicaCounters;
  readonly #mesh: CounterStore;

  constructor(replica: ReplicaCounters, mesh: CounterStore) {
    this.#replica = replica;
    this.#mesh = mesh;
  }

  take(demands: readonly Demand[], deadline: number): Taking | Promise<Taking> {
    const local = demands.filter(isOfReplica);
    if (local.length === 0) return this.#mesh.take(demands, deadline);
    if (local.length === demands.length) return this.#replica.take(local);
    return settle(this.#replica.hold(local), (hold) => this.#takeRest(demands, local, hold, deadline));
  }

  async peek(demands: readonly Demand[], deadline: number): Promise<Taking> {
    const here = await this.#replica.peek(demands.filter(isOfReplica));
    const rest = demands.filter((demand) => !isOfReplica(demand));
    return merge(demands, isOfReplica, here, rest.length === 0 ? EMPTY : await this.#mesh.peek(rest, deadline));
  }

  async reset(demands: readonly Demand[], deadline: number): Promise<number> {
    const here = await this.#replica.reset(demands.filter(isOfReplica));
    const rest = demands.filter((demand) => !isOfReplica(demand));
    return here + (rest.length === 0 ? 0 : await this.#mesh.reset(rest, deadline));
  }

  health(): StoreHealth {
    return this.#mesh.health();
  }

  async close(): Promise<void> {
    await this.#mesh.close();
  }

  async #takeRest(
    demands: readonly Demand[],
    local: readonly Demand[],
    { taking: here, giveBack }: Hold,
    deadline: number,
  ): Promise<Taking> {
    const rest = demands.filter((demand) => !isOfReplica(demand));
    if (!here.granted) return this.#refused(demands, here, rest, deadline);
    let there: Taking;
    try {
      there = await this.#mesh.take(rest, deadline);
    } catch (error) {
      // Even if the outage policy admits the mesh's demands, the replica's own quota still applies.
      if (rest.every(({ terms }) => terms?.onStoreFailure === 'allow')) {
        return merge(demands, isOfReplica, here, { granted: true, windows: rest.map(() => []), byOutagePolicy: true });
      }
      giveBack();
      throw error;
    }
    if (there.granted) return merge(demands, isOfReplica, here, there);
    giveBack();
    return merge(demands, isOfReplica, await this.#told(local, here), there);
  }

  /** The local windows after the charge was undone; if they can't be read, the earlier state. */
  async #told(local: readonly Demand[], before: Taking): Promise<Taking> {
    try {
      return await this.#replica.peek(local);
    } catch {
      return before;
    }
  }

  /** Refused here: the mesh's windows are only read, for the headers. */
  async #refused(demands: readonly Demand[], here: Taking, rest: readonly Demand[], deadline: number): Promise<Taking> {
    try {
      return merge(demands, isOfReplica, here, await this.#mesh.peek(rest, deadline));
    } catch {
      return merge(demands, isOfReplica, here, { granted: false, windows: rest.map(() => []) });
    }
  }
}

function isOfReplica({ terms }: Demand): boolean {
  return terms?.scope === 'replica';
}
