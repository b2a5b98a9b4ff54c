/** Where and how quota is counted. Each field is one flag and one environment variable. */
export interface CounterOptions {
  /** Absent: counted in memory, for this replica alone. */
  readonly redis?: RedisOptions;
  /** The most counters in memory. */
  readonly maxCounters?: number;
  /** How demands are counted whose policy doesn't say. */
  readonly quota?: 'exact' | 'leased';
  /** The longest wait for the store, where half of the Check's remaining time is not less. */
  readonly storeTimeoutMs?: number;
}

export interface RedisOptions {
  /** `redis://`, `rediss://` (TLS) or `unix:/path`; several nodes of a Cluster or several Sentinels. */
  readonly urls: readonly string[];
  /** Before every key; meshes that share a Redis need one each. */
  readonly prefix?: string;
}
