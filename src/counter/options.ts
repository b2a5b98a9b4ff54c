/** Where and how quota is counted. */
export interface CounterOptions {
  /** Absent: counted in memory, for this replica alone. */
  readonly redis?: RedisOptions;
  /** The most counters in memory. Default 200,000. */
  readonly maxCounters?: number;
  /** Of policies that don't say. Default `leased`. */
  readonly quota?: 'exact' | 'leased';
  /** The longest wait for the store, where half of the Check's remaining time is not less. Default 50. */
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

/** A flag of `ostiary serve`; its environment variable is `OSTIARY_` and the name in capitals. */
export interface CounterFlag {
  readonly name: string;
  readonly value: string;
  readonly default?: string;
  readonly meaning: string;
}

export const counterFlags: readonly CounterFlag[] = [
  {
    name: 'redis',
    value: 'URL,…',
    meaning:
      'count in Redis: redis://, rediss://, unix:/path or host:port; several Sentinels or Cluster nodes by comma',
  },
  { name: 'redis-username', value: 'NAME', meaning: 'the ACL user' },
  { name: 'redis-password-file', value: 'FILE', meaning: 'its password, so that no URL needs one' },
  { name: 'redis-db', value: 'N', default: '0', meaning: 'the database; a Cluster has only 0' },
  { name: 'redis-prefix', value: 'TEXT', default: 'ostiary:', meaning: 'before every key; one for each mesh' },
  { name: 'redis-cluster', value: '', default: 'false', meaning: 'the URLs are nodes of a Cluster' },
  { name: 'redis-sentinel-master', value: 'NAME', meaning: 'the URLs are Sentinels; NAME is their primary' },
  { name: 'redis-sentinel-username', value: 'NAME', meaning: "the Sentinels' own ACL user" },
  { name: 'redis-sentinel-password-file', value: 'FILE', meaning: 'its password' },
  { name: 'redis-tls-ca', value: 'FILE', meaning: 'PEM authorities to trust; TLS even with redis://' },
  { name: 'redis-tls-cert', value: 'FILE', meaning: 'PEM client certificate' },
  { name: 'redis-tls-key', value: 'FILE', meaning: 'its PEM key' },
  { name: 'redis-tls-server-name', value: 'NAME', meaning: "the name in Redis's certificate" },
  { name: 'redis-wait-replicas', value: 'N', default: '0', meaning: 'replicas of Redis that must have a lease first' },
  {
    name: 'redis-config',
    value: 'FILE',
    meaning: 'address, username, password and DB from a document with sharedStorage.redis, as Flex Gateway has it',
  },
  { name: 'quota', value: 'exact|leased', default: 'leased', meaning: 'of policies that do not say' },
  { name: 'store-timeout', value: 'MS', default: '50', meaning: 'the longest wait for the store' },
  { name: 'max-counters', value: 'N', default: '200000', meaning: 'the most counters in memory' },
];
