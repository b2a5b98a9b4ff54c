import type { QuotaPolicy } from '../policy/policy.ts';
import type { Api, Bound } from '../snapshot/snapshot.ts';

/** What a store calls a counter: see `Demand`. */
export interface CounterName {
  readonly slot: string;
  readonly key: string;
}

/**
 * The same clients come again and again: a name that is put together once is hashed once, by whatever looks it
 * up. Callers choose some of the keys, so there is a bound to what is kept.
 */
const kept = new WeakMap<Api, Map<Bound<QuotaPolicy>, Map<string, CounterName>>>();
/** Of one policy of one API. */
const maximumKept = 4096;

/**
 * Names are apart per API, policy and mode, so that a policy bound to two APIs counts twice. The key does not
 * depend on what else the API has, so that counters survive a change of that. The slot does: where an API has
 * several quota policies, all its counters share one, since one call must reach them; else each key has its own,
 * and a Redis Cluster spreads them.
 * @param key as the policy's charge says it
 */
export function counterName(api: Api, bound: Bound<QuotaPolicy>, key: string): CounterName {
  const names = namesOf(api, bound);
  let name = names.get(key);
  if (name === undefined) {
    name = makeName(api, bound, key);
    if (names.size >= maximumKept) names.clear();
    names.set(key, name);
  }
  return name;
}

function namesOf(api: Api, bound: Bound<QuotaPolicy>): Map<string, CounterName> {
  let policies = kept.get(api);
  if (policies === undefined) kept.set(api, (policies = new Map()));
  let names = policies.get(bound);
  if (names === undefined) policies.set(bound, (names = new Map()));
  return names;
}

function makeName(api: Api, { name, mode }: Bound<QuotaPolicy>, key: string): CounterName {
  if (mode === 'shadow') return { slot: `${api.name}:shadow:${key}`, key: `${api.name}:shadow:${name}:${key}` };
  const enforced = api.quota.filter((other) => other.mode === 'enforce');
  return { slot: enforced.length > 1 ? api.name : `${api.name}:${key}`, key: `${api.name}:${name}:${key}` };
}
