import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Caller, Identity, Role } from '../access/caller.ts';
import { better, isInCatalog, isWithin, may, neededFor, seesApplicants, seesCatalog, sightIn } from '../access/may.ts';
import type { AccessObject, Sight } from '../access/may.ts';
import { grantsOf, rolesIn } from '../access/memberships.ts';
import type { Memberships } from '../access/memberships.ts';
import { refusalText } from '../access/refusal.ts';
import type { Lacking } from '../access/refusal.ts';
import type { Verb } from '../access/verbs.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { objectOf, partyOf } from './belonging.ts';
import type { FactsByKey } from './belonging.ts';
import { FIELDS } from './facts.ts';
import type { Facts } from './facts.ts';
import type { Entry, ResourceIndex } from './resource-index.ts';
import { teamsIn } from './teams-in.ts';

const API_FIELDS = FIELDS['Api'] ?? [];
const LIFECYCLE = API_FIELDS.indexOf('metadata.lifecycle');
const VISIBILITY = API_FIELDS.indexOf('metadata.visibility');
const SPECIFICATION = API_FIELDS.indexOf('metadata.specification');

/** What a resource is known by. */
export interface KnownResource extends ResourceKey {
  readonly facts: Facts;
}

/**
 * What one caller may do and see, as the Teams of an index say. It is made for one call: whoever was given or has lost a role
 * meanwhile has it, or has lost it, with the next one.
 */
export class Rights {
  readonly caller: Caller;
  readonly #index: ResourceIndex;
  readonly #teams: Memberships;
  readonly #factsByKey: FactsByKey;
  readonly #roles = new Map<string, ReadonlySet<Role>>();
  readonly #isCatalogReader: boolean;
  /** Keys of client applications with a contract with an API that the caller owns; undefined: not looked at yet. */
  #applicants: ReadonlySet<string> | undefined;
  #specifications: ReadonlySet<string> | undefined;

  constructor(identity: Identity, index: ResourceIndex) {
    this.#index = index;
    this.#teams = teamsIn(index);
    this.#factsByKey = (text) => index.get(text)?.facts;
    this.caller = { ...identity, grants: grantsOf(identity, this.#teams) };
    this.#isCatalogReader = seesCatalog(this.caller.grants.map(({ role }) => role));
  }

  /** What the caller is in a team. */
  rolesIn(team: string): ReadonlySet<Role> {
    let roles = this.#roles.get(team);
    if (roles === undefined) this.#roles.set(team, (roles = rolesIn(this.caller.grants, team)));
    return roles;
  }

  /** Whose a resource is. @param factsByKey where its API and its client application are looked up */
  objectOf(key: ResourceKey, facts: Facts, factsByKey: FactsByKey = this.#factsByKey): AccessObject {
    return objectOf(key, facts, this.#teams, factsByKey);
  }

  may(verb: Exclude<Verb, 'read'>, object: AccessObject): boolean {
    return may(this.caller, verb, object);
  }

  isPlatformAdmin(): boolean {
    return this.rolesIn(PLATFORM_TEAM).has('admin');
  }

  /** Whether nothing is hidden from the caller but, at most, credentials. */
  seesEverything(): boolean {
    const { limits } = this.caller;
    const roles = this.rolesIn(PLATFORM_TEAM);
    const isWide = roles.has('admin') || roles.has('viewer') || roles.has('auditor');
    return isWide && isWithin(limits, 'read') && (limits?.kinds.length ?? 0) === 0;
  }

  /**
   * How much the caller sees of a resource.
   * @param factsByKey where the API and the client application of a contract are looked up
   */
  sight({ facts, ...key }: KnownResource, factsByKey: FactsByKey = this.#factsByKey): Sight {
    const { kind } = key;
    if (!isWithin(this.caller.limits, 'read', kind)) return 'nothing';
    const { applicant, team } = this.objectOf(key, facts, factsByKey);
    const own = sightIn(this.rolesIn(team), kind);
    if (own === 'whole') return own;
    if (applicant !== undefined) return better(own, sightIn(this.rolesIn(applicant), kind));
    switch (kind) {
      case 'Api':
        return better(own, this.#isInCatalog(team, facts) ? 'catalog' : 'nothing');
      case 'ClientApplication':
        return own === 'redacted' || this.#isApplicant(keyText(key)) ? 'redacted' : own;
      case 'Specification':
        return own !== 'nothing' ? own : this.#isOfSeenApi(key, team) ? 'whole' : 'nothing';
      default:
        return own;
    }
  }

  sees(resource: KnownResource): boolean {
    return this.sight(resource) !== 'nothing';
  }

  /** Whether lists show a resource of a kind: as {@link sees}, for a hundred thousand of them. */
  listFilter(kind: string): (entry: Entry) => boolean {
    if (!isWithin(this.caller.limits, 'read', kind)) return () => false;
    if (sightIn(this.rolesIn(PLATFORM_TEAM), kind) !== 'nothing' && this.seesEverything()) return () => true;
    const byNamespace = new Map<string, boolean | undefined>();
    const others = this.#othersOf(kind);
    return (entry) => {
      const { namespace } = entry;
      let isOwn = byNamespace.get(namespace);
      if (isOwn === undefined && !byNamespace.has(namespace))
        byNamespace.set(namespace, (isOwn = this.#isOwn(kind, namespace)));
      if (isOwn === true) return true;
      if (isOwn === false && others !== undefined) return others.has(entry);
      return this.sees(entry);
    };
  }

  /** Whether all of a kind in a namespace is the caller's to see; undefined: it depends on more than the namespace. */
  #isOwn(kind: string, namespace: string): boolean | undefined {
    if (kind === 'Team' || kind === 'Configuration' || namespace === PLATFORM_TEAM) return undefined;
    const team = this.#teams.teamByNamespace.get(namespace);
    return team === undefined ? undefined : sightIn(this.rolesIn(team), kind) !== 'nothing';
  }

  /** Of namespaces of other teams: what the caller sees of a kind; undefined: each has to be looked at. */
  #othersOf(kind: string): ReadonlySet<Entry> | undefined {
    if (kind === 'ClientApplication') {
      const applicants = [...this.#allApplicants()];
      return new Set(applicants.flatMap((text) => this.#index.get(text) ?? []));
    }
    if (kind !== 'Contract') return undefined;
    const found = new Set<Entry>();
    for (const { facts, ...application } of this.#index.ofKind('ClientApplication')) {
      const { team } = this.objectOf(application, facts);
      if (sightIn(this.rolesIn(team), kind) === 'nothing') continue;
      for (const entry of this.#index.referring(keyText(application))) if (entry.kind === kind) found.add(entry);
    }
    return found;
  }

  #isInCatalog(team: string, { fields }: Facts): boolean {
    if (!this.#isCatalogReader) return false;
    const about = { lifecycle: fields[LIFECYCLE], visibility: fields[VISIBILITY] };
    return isInCatalog(about, seesCatalog(this.rolesIn(team)));
  }

  #isApplicant(text: string): boolean {
    if (this.#applicants !== undefined) return this.#applicants.has(text);
    for (const contract of this.#index.referring(text)) {
      if (contract.kind === 'Contract' && seesApplicants(this.rolesIn(this.objectOf(contract, contract.facts).team)))
        return true;
    }
    return false;
  }

  #allApplicants(): ReadonlySet<string> {
    if (this.#applicants !== undefined) return this.#applicants;
    const found = new Set<string>();
    for (const { facts, ...api } of this.#index.ofKind('Api')) {
      if (!seesApplicants(this.rolesIn(this.objectOf(api, facts).team))) continue;
      for (const contract of this.#index.referring(keyText(api))) {
        const application = contract.kind === 'Contract' ? partyOf(contract.facts, 'ClientApplication') : undefined;
        if (application !== undefined) found.add(application);
      }
    }
    return (this.#applicants = found);
  }

  /** What describes an API that the caller sees, is seen with it. An API does not show what another team has written. */
  #isOfSeenApi({ namespace, name }: ResourceKey, team: string): boolean {
    this.#specifications ??= new Set(
      this.#index.ofKind('Api').flatMap((api) => {
        const described = api.facts.fields[SPECIFICATION];
        if (described === undefined || !this.sees(api)) return [];
        return [`${this.objectOf(api, api.facts).team} ${api.namespace}/${described}`];
      }),
    );
    return this.#specifications.has(`${team} ${namespace}/${name}`);
  }

  /** @throws RpcError that says who called, what was refused and which role would do */
  require(verb: Exclude<Verb, 'read'>, object: AccessObject, what: string): void {
    if (this.may(verb, object)) return;
    if (!this.isWithin(verb, object.kind)) throw narrowed(this.caller, what, verb);
    const [needed = { roles: ['admin'], where: 'platform' } as const] = neededFor(verb, object);
    throw refused(this.caller, what, needed);
  }

  /** Whether the caller's credential is not narrowed to something else. */
  isWithin(verb: Verb, kind?: string): boolean {
    return isWithin(this.caller.limits, verb, kind);
  }
}

/** @param what such as `may not write Api shop/orders` */
export function refused({ name }: Identity, what: string, lacking: Lacking): RpcError {
  return new RpcError(Code.permissionDenied, refusalText(name, what, lacking));
}

export function narrowed({ name }: Identity, what: string, verb: Verb): RpcError {
  const remedy = 'use a token that has more, or log in';
  return new RpcError(
    Code.permissionDenied,
    `${name} ${what}: the token is narrowed, and may not ${verb} here: ${remedy}`,
  );
}

/** What whoever may not even know of a resource hears, and whoever names one that is not there. */
export function notThere(key: ResourceKey): RpcError {
  return new RpcError(Code.notFound, `there is no ${keyText(key)}`);
}
