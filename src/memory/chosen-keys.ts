import type { Moment } from '../clock.ts';
import type { Demand } from '../quota/store.ts';
import { wholePeriodMs } from '../quota/window.ts';
import { CounterTable } from './counter-table.ts';
import type { Tabled } from './counter-table.ts';

// Which keys that callers choose this process has let into a store that it shares with others. Such a store can be
// filled by whoever makes up keys; each process bounds what it opens there, by the rules that bound its own memory.
// Nothing is forgotten while its windows may run, so a key that was let in is never counted as a new one.

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
   * Lets the keys of these demands in, those that callers have chosen.
   * @throws TooManyKeys where one of them is new and does not fit
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
