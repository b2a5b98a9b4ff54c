import type { Moment } from '../clock.ts';
import { chargeBoth } from '../quota/charge-both.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { TooManyKeys } from '../quota/store.ts';
import type { Demand, Taking } from '../quota/store.ts';
import { settle } from '../settle.ts';
import { keyOf } from '../script/script-call.ts';
import type { KeyPrefix } from '../script/script-call.ts';
import type { OutageShares } from './outage-share.ts';

export interface OutagePolicyPorts {
  readonly metrics: CounterMetrics;
  readonly prefix: KeyPrefix;
  readonly shares: OutageShares;
  replicas(): number;
}

/** Applies the demands' `onStoreFailure` if the store does not answer. */
export class OutagePolicy {
  readonly #ports: OutagePolicyPorts;

  constructor(ports: OutagePolicyPorts) {
    this.#ports = ports;
  }

  /**
   * One demand that denies is enough.
   * @param keys of the demands' counters
   * @throws the error, where they deny or none of them has a share to go by
   */
  take(demands: readonly Demand[], keys: readonly string[], now: Moment, error: unknown): Taking {
    const { metrics, shares } = this.#ports;
    const choices = new Set(demands.map(({ terms }) => terms?.onStoreFailure ?? 'deny'));
    if (choices.has('deny')) throw error;
    // Each new key would get a share of the whole limit.
    if (choices.has('local') && error instanceof TooManyKeys) throw error;
    metrics.hit('fallback');
    if (!choices.has('local')) {
      metrics.outageAdmission('allow');
      throw error;
    }
    const taking = shares.take(demands, keys, now, this.#ports.replicas());
    if (taking.granted) metrics.outageAdmission('local');
    return taking;
  }

  /**
   * Counters with debts are decided by their share, the others by the store as usual: the debt of one policy must not
   * cause denials by another.
   */
  takeBeside(
    demands: readonly Demand[],
    owing: readonly Demand[],
    now: Moment,
    takeRest: (rest: readonly Demand[]) => Taking | Promise<Taking>,
  ): Taking | Promise<Taking> {
    const { metrics, prefix, shares } = this.#ports;
    const keys = owing.map((demand) => keyOf(prefix, demand));
    const hold = shares.hold(owing, keys, now, this.#ports.replicas());
    const isOwing = (demand: Demand): boolean => owing.includes(demand);
    const told = (taking: Taking): Taking => {
      if (taking.granted) metrics.outageAdmission('local');
      return taking;
    };
    if (owing.length === demands.length || !hold.taking.granted) metrics.hit('fallback');
    if (owing.length === demands.length) return told(hold.taking);
    const both = chargeBoth(demands, isOwing, hold, takeRest);
    return settle(both, told);
  }
}
