import type { Moment } from '../clock.ts';
import type { Demand } from '../quota/store.ts';
import { wholePeriodMs } from '../quota/window.ts';
import { CounterTable } from './counter-table.ts';
import type { Tabled } from './counter-table.ts';

// The caller-chosen keys that this process has admitted to a store that it shares with others. Callers who make up keys
// could fill such a store, so each process bounds the keys it opens there, by the same rules as for its own memory. A
// key is not forgotten while its windows may be open, so an admitted key never counts as new.

interface Key extends Tabled {
  /** Monotonic milliseconds: by then its windows have ended, whoever opened them. */
  endMono: number;
}

export class ChosenKeys {
  readonly #keys: CounterTable<Key>;

  /** @param most keys at a time */
  constructor(most = 200_000) {
    this.#keys = new CounterTable(most);
  }

  /**
   * Admits the caller-chosen keys of these demands.
   * @throws TooManyKeys if one of them is new and does not fit
   */
  admit(demands: readonly Demand[], { mono, wall }: Moment): void {
    let fresh: Demand[] | undefined;
    for (const demand of demands) {
      if (demand.keyspace === undefined) continue;
      const known = this.#keys.get(demand.key);
      if (known !== undefined && known.endMono > mono) continue;
      if (known === undefined) (fresh ??= []).push(demand);
      else known.endMono = endOf(demand, mono, wall);
    }
    if (fresh === undefined) return;
    this.#keys.makeRoom(fresh, mono, ({ endMono }) => endMono <= mono);
    for (const demand of fresh) {
      const { key, keyspace } = demand;
      this.#keys.add(key, { keyspace, endMono: endOf(demand, mono, wall) });
    }
  }
}

function endOf({ limits }: Demand, mono: number, wall: number): number {
  let longestMs = 0;
  for (const limit of limits) longestMs = Math.max(longestMs, wholePeriodMs(limit, { wall }));
  return mono + longestMs;
}
