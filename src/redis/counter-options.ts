/** Where and how quota is counted. */
export interface CounterOptions {
  /** Absent: counted in memory, for this replica alone. */
  readonly redis?: RedisOptions;
  /** The most counters of keys that callers choose, in memory or opened in Redis. Default 200,000. */
  readonly maxCounters?: number;
  /** For policies without a choice. Default `leased`. */
  readonly quota?: 'exact' | 'leased';
  /** The longest wait for the store, unless half of the Check's remaining time is less. Default 50. */
  readonly storeTimeoutMs?: number;
}

export interface RedisOptions {
  /**
   * `redis://`, `rediss://` (TLS), `unix:/path` or `host:port`, with `user:password@` and `/db` where needed.
   * One server; several Sentinels with {@link sentinel}; or some nodes of a Cluster with {@link cluster}.
   */
  readonly urls: readonly string[];
  /** Of an ACL user; before what a URL says. */
  readonly username?: string;
  readonly password?: string;
  /** Default 0; a Cluster has no other. */
  readonly db?: number;
  /** Before every key and channel; meshes that share a Redis need one each. Default `ostiary:`. */
  readonly prefix?: string;
  /** The URLs are nodes of a Cluster; the client finds the others. */
  readonly cluster?: boolean;
  /** The URLs are Sentinels. */
  readonly sentinel?: SentinelOptions;
  readonly tls?: RedisTlsOptions;
  /** Replicas of Redis that must have a lease's debit before it is spent (`WAIT`). Default 0: none. */
  readonly waitReplicas?: number;
  /**
   * Reads the secrets again, as they are now: asked before each new connection. Absent: they never change.
   * @throws Error that says what is wrong; what was read before stays in force
   */
  readonly renewed?: () => RedisOptions;
}

export interface SentinelOptions {
  /** The name the Sentinels have for the primary, such as `mymaster`. */
  readonly master: string;
  readonly username?: string;
  readonly password?: string;
}

/** PEM texts. Present: TLS, even where the URL says `redis://`. */
export interface RedisTlsOptions {
  /** Authorities to trust in place of the system's. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, where it is not the host's. */
  readonly serverName?: string;
}
