import { PLATFORM_TEAM } from './caller.ts';
import type { Grant, Identity, Role } from './caller.ts';

export const ROLES = ['admin', 'owner', 'developer', 'viewer', 'auditor'] as const satisfies readonly Role[];

export function isRole(value: unknown): value is Role {
  return ROLES.some((role) => role === value);
}

/** Somebody in a team, as the team's document says: a user or a group. */
export interface Member {
  /** {@link subjectOfUser} or {@link subjectOfGroup}. */
  readonly subject: string;
  readonly role: Role;
}

/** What a team's document says of who owns what, and of who is what. */
export interface TeamFacts {
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly members: readonly Member[];
}

/** Of all teams: whose each namespace is, and what each subject is. */
export interface Memberships {
  readonly teamByNamespace: ReadonlyMap<string, string>;
  readonly grantsBySubject: ReadonlyMap<string, readonly Grant[]>;
}

/**
 * A user as {@link Identity} calls it: documents write users of the identity provider as it calls them, users of this control
 * plane as `local:bob`, and tokens of a team as `token:ci-orders`. So no name that a provider gives is a local user's.
 */
export function subjectOfUser(user: string): string {
  return /^(?:local|token):/.test(user) ? user : `user:${user}`;
}

export function subjectOfGroup(group: string): string {
  return `group:${group}`;
}

/** @param teams the oldest first: of two that own a namespace, the older one does */
export function membershipsOf(teams: Iterable<TeamFacts>): Memberships {
  const teamByNamespace = new Map<string, string>();
  const grantsBySubject = new Map<string, Grant[]>();
  for (const { name, namespaces, members } of teams) {
    for (const namespace of namespaces) {
      if (!teamByNamespace.has(namespace)) teamByNamespace.set(namespace, name);
    }
    for (const { subject, role } of members) {
      const grants = grantsBySubject.get(subject);
      if (grants === undefined) grantsBySubject.set(subject, [{ team: name, role }]);
      else grants.push({ team: name, role });
    }
  }
  // Whatever a document says.
  teamByNamespace.set(PLATFORM_TEAM, PLATFORM_TEAM);
  return { teamByNamespace, grantsBySubject };
}

/** What somebody is, by name and by groups, within what their credential is narrowed to. */
export function grantsOf(identity: Identity, { grantsBySubject }: Memberships): readonly Grant[] {
  const { groups, isBootstrap, limits, name, person = name } = identity;
  if (isBootstrap) return narrowed([{ team: PLATFORM_TEAM, role: 'admin' }], limits?.teams ?? []);
  const subjects = new Set([person, ...groups.map(subjectOfGroup)]);
  const grants = [...subjects].flatMap((subject) => grantsBySubject.get(subject) ?? []);
  return narrowed(grants, limits?.teams ?? []);
}

/** @param teams none: all of them */
function narrowed(grants: readonly Grant[], teams: readonly string[]): readonly Grant[] {
  if (teams.length === 0) return grants;
  return grants.flatMap((grant) => {
    if (teams.includes(grant.team)) return [grant];
    // What holds everywhere holds in these.
    return isWide(grant) ? teams.map((team) => ({ team, role: grant.role })) : [];
  });
}

/** Roles in the platform's team that hold in every team. */
const WIDE: ReadonlySet<Role> = new Set(['admin', 'auditor', 'viewer']);

export function isWide({ team, role }: Grant): boolean {
  return team === PLATFORM_TEAM && WIDE.has(role);
}

/** What somebody is in a team. */
export function rolesIn(grants: readonly Grant[], team: string): ReadonlySet<Role> {
  return new Set(grants.filter((grant) => grant.team === team || isWide(grant)).map(({ role }) => role));
}
