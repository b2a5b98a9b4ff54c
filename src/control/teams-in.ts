import { membershipsOf } from '../access/memberships.ts';
import type { Memberships } from '../access/memberships.ts';
import type { ResourceIndex } from './resource-index.ts';

const known = new WeakMap<ResourceIndex, { readonly version: number; readonly memberships: Memberships }>();

/** Whose each namespace is and who is what, as the Teams of the index say now. */
export function teamsIn(index: ResourceIndex): Memberships {
  const version = index.teamsVersion;
  const earlier = known.get(index);
  if (earlier?.version === version) return earlier.memberships;
  const oldestFirst = index.ofKind('Team').toSorted((a, b) => a.createdRevision - b.createdRevision);
  const memberships = membershipsOf(
    oldestFirst.map(({ name, facts }) => ({ name, namespaces: facts.owns ?? [], members: facts.members ?? [] })),
  );
  known.set(index, { version, memberships });
  return memberships;
}
