import { PLATFORM_TEAM } from './caller.ts';
import type { Memberships } from './memberships.ts';

/** What says whose an object is. */
export interface Belonging {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `metadata.owner`; undefined: none. */
  readonly owner: string | undefined;
}

/**
 * Whose an object is: of the team that owns its namespace; where none does, of the one that the object names; else the
 * platform's. A Team is its own.
 */
export function teamOf(
  { kind, namespace, name, owner }: Belonging,
  { teamByNamespace }: Pick<Memberships, 'teamByNamespace'>,
): string {
  if (kind === 'Team') return name;
  if (kind === 'Configuration') return PLATFORM_TEAM;
  return teamByNamespace.get(namespace) ?? owner ?? PLATFORM_TEAM;
}
