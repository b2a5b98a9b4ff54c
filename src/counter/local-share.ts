import type { Limit } from '../contract/contract.ts';
import type { Debt, OwedWindow } from './lease-calls.ts';
import type { Moment } from './lease.ts';
import type { Demand, Taking, WindowState } from './store.ts';
import { wholePeriodMs } from './window.ts';

// What a replica may admit by itself while it can't reach Redis (`onStoreFailure: local`): of each window that
// was running its share of what was last known to remain, of each window that opens meanwhile its share
// of the whole limit. What it admits is a debt, charged when Redis is back.

interface ShareWindow {
  /** What this replica may admit in it. */
  readonly allowance: number;
  readonly endMono: number;
  spent: number;
  /** Spent, and in no debt yet. */
  owed: number;
}

/** What was last known of a window. */
export interface LastKnown {
  readonly remaining: number;
  readonly endMono: number;
}

export class LocalShare {
  readonly #windows: (ShareWindow | undefined)[][];
  readonly #replicas: number;

  /**
   * @param known one list a demand, one entry a limit; undefined where nothing is known
   * @param replicas how many share what remains
   */
  constructor(known: readonly (readonly (LastKnown | undefined)[])[], replicas: number) {
    this.#replicas = replicas;
    this.#windows = known.map((list) =>
      list.map((last) => {
        if (last === undefined) return undefined;
        return { allowance: this.#shareOf(last.remaining), endMono: last.endMono, spent: 0, owed: 0 };
      }),
    );
  }

  /** Charges the demands that are decided locally; the others pass and tell nothing. */
  take(demands: readonly Demand[], now: Moment): Taking {
    const granted = demands.every(
      (demand, d) =>
        !isLocal(demand) ||
        demand.limits.every((_, i) => {
          const { allowance, spent } = this.#window(demand, d, i, now);
          return demand.cost <= allowance - spent;
        }),
    );
    const windows = demands.map((demand, d) => (isLocal(demand) ? this.#charge(demand, d, granted, now) : []));
    return { granted, windows, fallback: true };
  }

  /** What was admitted and is in no debt yet; undefined where nothing is owed. */
  collect(demands: readonly Demand[], name: string, { mono }: Moment): Debt | undefined {
    let owes = false;
    const windows = demands.map(({ limits }, d) =>
      limits.map((_, i): OwedWindow => {
        const window = this.#windows[d]?.[i];
        if (window === undefined || window.endMono <= mono || window.owed === 0) return { units: 0, endMono: 0 };
        owes = true;
        const owed = { units: window.owed, endMono: window.endMono };
        window.owed = 0;
        return owed;
      }),
    );
    return owes ? { name, demands, windows } : undefined;
  }

  #charge({ limits, cost }: Demand, d: number, granted: boolean, now: Moment): WindowState[] {
    return limits.map((limit, i) => {
      const window = this.#window({ limits }, d, i, now);
      if (granted) {
        window.spent += cost;
        window.owed += cost;
      }
      return { limit, remaining: window.allowance - window.spent, resetMs: window.endMono - now.mono };
    });
  }

  /** The running window, or a new one. */
  #window({ limits }: Pick<Demand, 'limits'>, d: number, i: number, { mono, wall }: Moment): ShareWindow {
    const row = (this.#windows[d] ??= []);
    const running = row[i];
    if (running !== undefined && running.endMono > mono) return running;
    const limit = limits[i] as Limit;
    const opened = { endMono: mono + wholePeriodMs(limit, wall), spent: 0, owed: 0 };
    return (row[i] = { allowance: this.#shareOf(limit.maximumRequests), ...opened });
  }

  #shareOf(units: number): number {
    return Math.floor(units / this.#replicas);
  }
}

function isLocal({ terms }: Demand): boolean {
  return terms?.onStoreFailure === 'local';
}
