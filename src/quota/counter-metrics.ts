/** What an operator may watch of the counters. Every method returns at once and never throws. */
export interface CounterMetrics {
  /** How one hit was decided: from a lease, by a kept refusal, by asking the store, or without it. */
  hit(by: 'lease' | 'refusal' | 'store' | 'fallback'): void;
  /** One script call, from the question to its answer or time-out. */
  storeCall(script: StoreScript, outcome: 'answered' | 'late' | 'failed', durationMs: number): void;
  /** Units debited ahead by one call. */
  leased(units: number): void;
  /** Unspent units sent back to the windows they were debited from. */
  returned(units: number): void;
  /** Units debited and neither spent nor returned: less is admitted than the limit allows. */
  stranded(units: number, why: 'late_answer' | 'lease_died' | 'return_lost'): void;
  /** The circuit opened (true) or closed. */
  circuit(open: boolean): void;
  /** A hit that was admitted while the store did not answer. Worth an alarm. */
  outageAdmission(by: 'allow' | 'local'): void;
  /** Units admitted without the store and charged afterwards. */
  debtCharged(units: number): void;
  /** Replicas that were seen lately, this one included. */
  replicas(count: number): void;
}

export type StoreScript = 'take' | 'peek' | 'reset' | 'give_back' | 'charge_debt' | 'heartbeat';

const nothing = (): void => {};

export const noCounterMetrics: CounterMetrics = {
  hit: nothing,
  storeCall: nothing,
  leased: nothing,
  returned: nothing,
  stranded: nothing,
  circuit: nothing,
  outageAdmission: nothing,
  debtCharged: nothing,
  replicas: nothing,
};
