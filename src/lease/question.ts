import type { Moment } from '../clock.ts';
import type { Demand } from '../quota/store.ts';
import type { Debit, Wish } from '../script/script-call.ts';
import type { PendingHit } from './pending-hit.ts';

/** What one call asks the store. */
export interface Question {
  readonly demands: readonly Demand[];
  readonly asked: Moment;
  /** The generation of the descriptor's limits: an answer for another generation is not remembered. */
  readonly generation: number;
}

/** Asks for the pending hits, and for units in advance. */
export interface LeaseQuestion extends Question {
  readonly hits: readonly PendingHit[];
  readonly wish: Wish;
  /** Units the lease should hold. */
  readonly size: number;
}

/** Units to return, and the demands for which they were debited. */
export interface Unspent {
  readonly demands: readonly Demand[];
  readonly debit: Debit;
}

/** Limits may change while a hit waits: the latest ones decide. */
export function underLimits(demands: readonly Demand[], latest: readonly Demand[]): readonly Demand[] {
  if (demands.every(({ limits }, d) => limits === latest[d]?.limits)) return demands;
  return demands.map((demand, d) => ({ ...demand, limits: latest[d]?.limits ?? demand.limits }));
}
