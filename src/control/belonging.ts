import type { AccessObject } from '../access/may.ts';
import type { Memberships } from '../access/memberships.ts';
import { teamOf } from '../access/ownership.ts';
import type { ResourceKey } from '../registry/log.ts';
import { FIELDS, keyFrom } from './facts.ts';
import type { Facts } from './facts.ts';

/** What is known of the resource of a key; undefined: there is none. */
export type FactsByKey = (text: string) => Facts | undefined;

const OWNER_AT = new Map(
  Object.entries(FIELDS).map(([kind, fields]) => [kind, fields.indexOf('metadata.owner')] as const),
);

/** Whose a resource is. A contract is the business of two teams, wherever it stands. */
export function objectOf(key: ResourceKey, facts: Facts, teams: Memberships, factsByKey: FactsByKey): AccessObject {
  const { kind, namespace, name } = key;
  if (kind !== 'Contract')
    return { kind, namespace, team: teamOf({ kind, namespace, name, owner: ownerOf(kind, facts) }, teams) };
  const teamOfParty = (text: string | undefined): string | undefined => {
    if (text === undefined) return undefined;
    const party = keyFrom(text);
    const found = factsByKey(text);
    return teamOf({ ...party, owner: found && ownerOf(party.kind, found) }, teams);
  };
  const api = partyOf(facts, 'Api');
  const team = teamOfParty(api) ?? teamOf({ kind, namespace, name, owner: undefined }, teams);
  return { kind, namespace, team, applicant: teamOfParty(partyOf(facts, 'ClientApplication')) };
}

/** The key of the API, or of the client application, of a contract. */
export function partyOf({ refers }: Facts, kind: 'Api' | 'ClientApplication'): string | undefined {
  return refers.find((text) => text.startsWith(`${kind} `));
}

function ownerOf(kind: string, { fields }: Facts): string | undefined {
  const at = OWNER_AT.get(kind) ?? -1;
  return at < 0 ? undefined : fields[at];
}
