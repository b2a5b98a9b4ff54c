import type { Limit } from './limit.ts';

/**
 * What one quota policy wants to charge for one request. All demands of a request are decided
 * together: every window of every demand is charged, or none is.
 */
export interface Demand {
  /**
   * Counters of one slot can be decided in one call on a Redis Cluster (it becomes the hash tag).
   * All demands of one call have the same slot, and different keys.
   */
  readonly slot: string;
  /**
   * Names the counter, independent of its slot; together with a limit's period it names one window. Keys of callers are
   * already hashed.
   */
  readonly key: string;
  readonly limits: readonly Limit[];
  /** Units to charge, an integer of at least 1. */
  readonly cost: number;
  /** Absent: scope `mesh`, and denied while the store does not answer. */
  readonly terms?: QuotaTerms | undefined;
  /** Present where callers chose the key; absent if the configuration bounds the number of keys. */
  readonly keyspace?: Keyspace | undefined;
}

/**
 * The keys that callers choose under one policy of one API. They may choose any number of keys: a store bounds each
 * keyspace, so that a flood in one leaves room for the others.
 */
export interface Keyspace {
  /** Made of the API and the policy; no other keyspace has it. */
  readonly name: string;
  /** A policy in shadow mode must not cause denials: its keys get less room. */
  readonly isShadow: boolean;
}

/** How a demand is counted, and the outage policy. */
export interface QuotaTerms {
  /** `mesh`: one quota for all replicas; `replica`: each replica has the whole quota for itself. */
  readonly scope: 'mesh' | 'replica';
  /** `exact` asks the store at every hit; `leased` spends units debited beforehand. Absent: the store's default. */
  readonly quota?: 'exact' | 'leased';
  /** `local`: the replica enforces its share of the units that last remained. */
  readonly onStoreFailure: 'deny' | 'allow' | 'local';
}

/** What is known of one window after a decision. */
export interface WindowState {
  readonly limit: Limit;
  /** Units left, never negative; for a granted request, the units left after it. */
  readonly remaining: number;
  /** Milliseconds until the window ends; the whole period where none is open. */
  readonly resetMs: number;
}

export interface Taking {
  /** False: nothing was charged to any window. */
  readonly granted: boolean;
  /** One list a demand, in their order; in it one state a limit, in their order. */
  readonly windows: readonly (readonly WindowState[])[];
  /** The store did not answer, and the demands' `onStoreFailure` decided; a demand with `allow` then has no states. */
  readonly byOutagePolicy?: true;
}

/** Counts quota. A window opens at its first hit and ends a period later. */
export interface CounterStore {
  /**
   * Charges all windows of all demands, or none.
   * @param deadline monotonic milliseconds ({@link Clock.monotonic}) after which the answer is of no use
   * @throws StoreUnavailable (or rejects with it) if the store can't tell
   */
  take(demands: readonly Demand[], deadline: number): Taking | Promise<Taking>;
  /** Whether {@link take} would grant, and the windows as they are without it; changes nothing. */
  peek(demands: readonly Demand[], deadline: number): Taking | Promise<Taking>;
  /** Closes the windows of the demands (their cost is ignored) and says how many were open. */
  reset(demands: readonly Demand[], deadline: number): number | Promise<number>;
  /** For `/readyz` and metrics: never throws. */
  health(): StoreHealth;
  close(): Promise<void>;
}

export interface StoreHealth {
  readonly kind: 'memory' | 'redis';
  readonly available: boolean;
  /** A sentence without secrets. */
  readonly detail: string;
}

/** The counter store does not answer whether there is quota: the policy's `onStoreFailure` decides. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/** A new key does not fit into any store. It gets no outage share either, since every new key would have one. */
export class TooManyKeys extends StoreUnavailable {
  override name = 'TooManyKeys';
}
