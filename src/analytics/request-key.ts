import type { Api, Bound, Snapshot } from '../snapshot/snapshot.ts';
import { DIMENSIONS, FOLDED } from '../rollup/slot.ts';
import type { Dimension } from '../rollup/slot.ts';
import type { Entry } from './entry.ts';
import { outcomeOf } from './outcome.ts';
import { routeOf } from './route.ts';
import { sourceOf } from './source.ts';

/** The names that entries may use: a name that is in no document is not counted under itself. */
export type Names = Pick<Snapshot, 'apiNamed' | 'directory' | 'reasons'>;

/** The index of each dimension in {@link RequestKey.texts}. */
export const PLACE = Object.fromEntries(DIMENSIONS.map((dimension, at) => [dimension, at])) as Readonly<
  Record<Dimension, number>
>;

const MOST_STATUS = 1000;
/** The texts of numbers, so that none is made for an entry. */
const STATUSES = Array.from({ length: MOST_STATUS }, (_, status) => String(status));

type Access = Bound<Api['access'][number]['policy']>;
const NONE: ReadonlySet<string> = new Set();
const policies = new WeakMap<Api, ReadonlySet<string>>();

/**
 * The key by which a request is counted. Its texts are those of the last entry that was read. A name that is in no
 * document in force becomes {@link FOLDED}.
 */
export class RequestKey {
  /** One text for each of {@link DIMENSIONS}. */
  readonly texts: string[] = DIMENSIONS.map(() => '');

  /** @param hasRoute whether to find the route, which takes longest */
  read(entry: Entry, names: Names, hasRoute: boolean): void {
    const { texts } = this;
    const name = entry.api;
    const api = name === '' ? undefined : names.apiNamed(name);
    const isKnown = name === '' || api !== undefined;
    texts[PLACE.api] = isKnown ? name : FOLDED;
    texts[PLACE.route] = api === undefined || !hasRoute ? '' : routeOf(entry, api);
    this.#readCaller(entry, names, api);
    const { policy, reason } = entry;
    texts[PLACE.policy] = policy === '' || policiesOf(api).has(policy) ? policy : FOLDED;
    texts[PLACE.reason] = reason === '' || Object.hasOwn(names.reasons, reason) ? reason : FOLDED;
    texts[PLACE.method] = entry.method;
    texts[PLACE.status] = STATUSES[entry.status] ?? FOLDED;
    texts[PLACE.outcome] = outcomeOf(entry);
    texts[PLACE.source] = sourceOf(entry);
    texts[PLACE.service] = entry.service;
  }

  #readCaller(entry: Entry, { directory }: Names, api: Api | undefined): void {
    const { texts } = this;
    const { clientId, tier } = entry;
    texts[PLACE.client] = clientId === '' ? '' : (directory.client(clientId)?.name ?? FOLDED);
    // The documents know the contract of an API and a client, so the entry's own name for it is not used.
    const contract = api === undefined || clientId === '' ? undefined : directory.contract(clientId, api.name);
    texts[PLACE.contract] = entry.hasContract ? (contract?.name ?? FOLDED) : '';
    texts[PLACE.tier] = tier === '' || hasTier(api, tier) ? tier : FOLDED;
  }
}

function hasTier(api: Api | undefined, tier: string): boolean {
  if (api === undefined) return false;
  for (const { name } of api.tiers) if (name === tier) return true;
  return false;
}

function policiesOf(api: Api | undefined): ReadonlySet<string> {
  if (api === undefined) return NONE;
  let known = policies.get(api);
  if (known === undefined)
    policies.set(api, (known = new Set([...api.access.flatMap(namesOf), ...api.quota.map(({ name }) => name)])));
  return known;
}

/** The names of a policy; of a group also those of its alternatives. */
function namesOf({ name, alternatives = [] }: Access): string[] {
  return [name, ...alternatives.flatMap((alternative) => alternative.policies.flatMap(namesOf))];
}
