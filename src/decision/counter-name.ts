import type { QuotaPolicy } from '../policy/policy.ts';
import type { Keyspace } from '../quota/store.ts';
import type { Api, Bound } from '../snapshot/snapshot.ts';

/** What a store calls a counter: see `Demand`. */
export interface CounterName {
  readonly slot: string;
  readonly key: string;
}

/** Built once; see {@link CounterNames.of}. */
const kept = new WeakMap<Api, Map<Bound<QuotaPolicy>, CounterNames>>();
/** The scope of one policy of one API. */
const MAXIMUM_KEPT = 4096;

/** The names of all counters of one quota policy of one API. */
export function counterNames(api: Api, bound: Bound<QuotaPolicy>): CounterNames {
  let policies = kept.get(api);
  if (policies === undefined) kept.set(api, (policies = new Map()));
  let names = policies.get(bound);
  if (names === undefined) policies.set(bound, (names = new CounterNames(api, bound)));
  return names;
}

export class CounterNames {
  /** The keyspace of keys that callers choose. */
  readonly keyspace: Keyspace;
  readonly #api: Api;
  readonly #isShadow: boolean;
  readonly #names = new Map<string, CounterName>();

  constructor(api: Api, { name, mode }: Bound<QuotaPolicy>) {
    this.#api = api;
    this.#isShadow = mode === 'shadow';
    const text = this.#isShadow ? `${api.name}:shadow:${name}` : `${api.name}:${name}`;
    this.keyspace = { name: text, isShadow: this.#isShadow };
  }

  /**
   * Names differ by API, policy and mode, so that a policy bound to two APIs counts twice. The key does not depend on
   * the API's other policies, so that counters survive a change of these. The slot does: if an API has several quota
   * policies, all its counters share one slot, since one call must reach them all. Otherwise each key has its own slot,
   * and a Redis Cluster spreads them.
   *
   * The same clients come again and again, so names are kept: a string that is built once is hashed only once by
   * look-ups. Callers choose some of the keys, so the number of kept names is bounded.
   * @param key as the policy's charge says it
   */
  of(key: string): CounterName {
    let name = this.#names.get(key);
    if (name === undefined) {
      name = { slot: this.#slotOf(key), key: `${this.keyspace.name}:${key}` };
      if (this.#names.size >= MAXIMUM_KEPT) this.#names.clear();
      this.#names.set(key, name);
    }
    return name;
  }

  #slotOf(key: string): string {
    const { name, quota } = this.#api;
    if (this.#isShadow) return `${name}:shadow:${key}`;
    const enforced = quota.filter((other) => other.mode === 'enforce');
    return enforced.length > 1 ? name : `${name}:${key}`;
  }
}
