import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Caller, Grant, Role } from '../access/caller.ts';
import { isWithin, sightIn } from '../access/may.ts';
import { isWide, rolesIn } from '../access/memberships.ts';
import { qualifiedName } from '../document/names.ts';
import type { EventName } from '../notify/event-kinds.ts';
import type { TeamEvent } from '../notify/event.ts';
import { receiverText } from '../notify/receiver.ts';
import type { ResourceIndex } from './resource-index.ts';
import { teamsIn } from './teams-in.ts';

/** Roles that may have something sent to a team's webhooks again. */
const SENDERS: readonly Role[] = ['admin', 'owner'];
/** What is in the catalog, or was, whoever has a role in a team that calls it may know. */
const OF_CATALOG: ReadonlySet<EventName> = new Set(['api.published', 'api.deprecated', 'api.retired']);

/** Whether somebody who holds this may know of an event: as if they read what it is about. */
export function mayHear(grants: readonly Grant[], { about, event, teams }: TeamEvent): boolean {
  return teams.some((team) => {
    const roles = rolesIn(grants, team);
    return OF_CATALOG.has(event) ? roles.size > 0 : sightIn(roles, about.kind) !== 'nothing';
  });
}

/** The same of a caller, whose credential may be narrowed. */
export function maySee({ grants, limits }: Caller, event: TeamEvent): boolean {
  return isWithin(limits, 'read', event.about.kind) && mayHear(grants, event);
}

/** The teams of whose events a caller may know; undefined: of all. */
export function teamsSeen({ grants }: Caller): readonly string[] | undefined {
  return grants.some(isWide) ? undefined : [...new Set(grants.map(({ team }) => team))];
}

/**
 * The receivers of whose deliveries a caller may know: the webhooks of their teams, and their own mail. Where others are
 * sent something is not theirs to know.
 * @param verb `send`: those to which they may have something sent again
 * @returns undefined: all
 */
export function receiversSeen(
  caller: Caller,
  index: ResourceIndex,
  verb: 'read' | 'send' = 'read',
): readonly string[] | undefined {
  const { grants, limits, name, person = name } = caller;
  if (!isWithin(limits, verb === 'read' ? 'read' : 'write', 'Webhook')) return [];
  const isHeld = (team: string): boolean => {
    const roles = rolesIn(grants, team);
    return verb === 'read' ? sightIn(roles, 'Webhook') !== 'nothing' : SENDERS.some((role) => roles.has(role));
  };
  if (grants.some(isWide) && isHeld(PLATFORM_TEAM)) return undefined;
  const { teamByNamespace } = teamsIn(index);
  const own = index
    .ofKind('Webhook')
    .filter(({ namespace }) => isHeld(teamByNamespace.get(namespace) ?? PLATFORM_TEAM))
    .map((webhook) => receiverText({ kind: 'webhook', name: qualifiedName(webhook) }));
  const address = person.startsWith('user:') ? person.slice('user:'.length) : undefined;
  return address === undefined ? own : [...own, receiverText({ kind: 'mail', address })];
}
