import { PLATFORM_TEAM } from './caller.ts';
import type { Caller, CallerLimits, Role } from './caller.ts';
import { rolesIn } from './memberships.ts';
import type { Lacking } from './refusal.ts';
import type { Verb } from './verbs.ts';

/** What something is done to. */
export interface AccessObject {
  readonly kind: string;
  readonly namespace: string;
  /** Whose it is. A Contract is its API's. */
  readonly team: string;
  /** Of a Contract: whose its client application is. */
  readonly applicant?: string | undefined;
}

/** How much of an object somebody sees, from least to most. */
export const SIGHTS = ['nothing', 'catalog', 'redacted', 'whole'] as const;

/**
 * - `catalog`: of an API, what whoever may ask for a contract needs to know
 * - `redacted`: all but credentials
 * - `whole`: as it is kept
 */
export type Sight = (typeof SIGHTS)[number];

const OWNERS: readonly Role[] = ['admin', 'owner'];
const DEVELOPERS: readonly Role[] = ['admin', 'developer'];
const ADMINS: readonly Role[] = ['admin'];
const AUDITORS: readonly Role[] = ['admin', 'auditor'];

/** Who writes objects of their team, by kind. Every other kind: its admins alone. */
const WRITERS: ReadonlyMap<string, readonly Role[]> = new Map([
  ['Api', OWNERS],
  ['PolicyBinding', OWNERS],
  ['Specification', OWNERS],
  ['Alert', OWNERS],
  ['Webhook', OWNERS],
  ['Subscription', OWNERS],
  ['Secret', OWNERS],
  ['ClientApplication', DEVELOPERS],
  // By its API's team. Whoever asks has the verb `request`.
  ['Contract', OWNERS],
]);

/** Kinds of the platform, wherever they stand. A team's admins may change its members: `change-rights.ts` of the control plane. */
const PLATFORM_KINDS: ReadonlySet<string> = new Set(['Configuration', 'Team']);

/** The roles of which one is needed for a verb, in which team. */
export interface Needed extends Lacking {
  readonly team: string;
}

const PLATFORM_ADMINS: Needed = { roles: ADMINS, team: PLATFORM_TEAM, where: 'platform' };

/** What it takes to do something to an object, other than to read it. Several: any of them. */
export function neededFor(
  verb: Exclude<Verb, 'read'>,
  { kind, namespace, team, applicant }: AccessObject,
): readonly Needed[] {
  const isPlatforms = namespace === PLATFORM_TEAM || PLATFORM_KINDS.has(kind);
  switch (verb) {
    case 'write':
      return isPlatforms ? [PLATFORM_ADMINS] : [{ roles: WRITERS.get(kind) ?? ADMINS, team, where: 'own' }];
    case 'approve':
      if (kind !== 'Contract') return [];
      return isPlatforms ? [PLATFORM_ADMINS] : [{ roles: OWNERS, team, where: 'api' }];
    case 'request':
      if (namespace === PLATFORM_TEAM) return [PLATFORM_ADMINS];
      return applicant === undefined ? [] : [{ roles: DEVELOPERS, team: applicant, where: 'application' }];
    case 'audit':
      return [team, ...(applicant === undefined ? [] : [applicant])].map((each) => {
        return { roles: AUDITORS, team: each, where: 'own' };
      });
    default:
      return [PLATFORM_ADMINS];
  }
}

/** Whether a caller may do something to an object. To read is {@link sightIn} and what follows from contracts. */
export function may(caller: Caller, verb: Exclude<Verb, 'read'>, object: AccessObject): boolean {
  if (!isWithin(caller.limits, verb, object.kind)) return false;
  return neededFor(verb, object).some(({ roles, team }) => {
    const held = rolesIn(caller.grants, team);
    return roles.some((role) => held.has(role));
  });
}

/** Whether a caller may write some object of a kind, of whichever team: if not, nothing has to be known of the object. */
export function mayWriteSome({ grants, limits }: Caller, kind: string): boolean {
  const isContract = kind === 'Contract';
  const verbs = isContract ? (['write', 'request', 'approve'] as const) : (['write'] as const);
  const roles = isContract ? [...OWNERS, ...DEVELOPERS] : (WRITERS.get(kind) ?? ADMINS);
  return verbs.some((verb) => isWithin(limits, verb, kind)) && grants.some(({ role }) => roles.includes(role));
}

/** Whether a credential is narrowed to something else. */
export function isWithin(limits: CallerLimits | undefined, verb: Verb, kind?: string): boolean {
  if (limits === undefined) return true;
  const { kinds, verbs } = limits;
  return (
    (verbs.length === 0 || verbs.includes(verb)) && (kind === undefined || kinds.length === 0 || kinds.includes(kind))
  );
}

/**
 * How much somebody sees of objects of a team by what they are in it. Whoever may write an object sees it whole. Of a Contract
 * both of its teams count.
 */
export function sightIn(roles: Iterable<Role>, kind: string): Sight {
  let best: Sight = 'nothing';
  for (const role of roles) best = better(best, sightOfRole(role, kind));
  return best;
}

/** Of these nothing is a secret. */
const PLAIN: ReadonlySet<string> = new Set(['Contract', 'Team']);

function sightOfRole(role: Role, kind: string): Sight {
  switch (role) {
    case 'admin':
      return 'whole';
    case 'owner':
      return PLAIN.has(kind) || WRITERS.get(kind)?.includes(role) === true ? 'whole' : 'redacted';
    case 'developer':
      // Of APIs and their specifications, what the catalog has.
      return PLAIN.has(kind) || WRITERS.get(kind)?.includes(role) === true ? 'whole' : 'nothing';
    default:
      return PLAIN.has(kind) ? 'whole' : 'redacted';
  }
}

export function better(one: Sight, other: Sight): Sight {
  return SIGHTS.indexOf(one) < SIGHTS.indexOf(other) ? other : one;
}

/** Roles that see the catalog: published APIs of every team. */
export function seesCatalog(roles: Iterable<Role>): boolean {
  return [...roles].some((role) => DEVELOPERS.includes(role));
}

/** Roles that see the client applications that have a contract with an API of their team, or ask for one. */
export function seesApplicants(roles: Iterable<Role>): boolean {
  return [...roles].some((role) => OWNERS.includes(role));
}

const PUBLISHED: ReadonlySet<string | undefined> = new Set(['published', 'deprecated']);

/** Whether developers find an API. One that does not say that it is published is not. */
export function isInCatalog(
  { lifecycle, visibility }: { readonly lifecycle: string | undefined; readonly visibility: string | undefined },
  isOfOwnTeam: boolean,
): boolean {
  if (!PUBLISHED.has(lifecycle)) return false;
  return isOfOwnTeam || visibility === 'internal' || visibility === 'public';
}
