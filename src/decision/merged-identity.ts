import type { Identity } from '../contract/identity.ts';

/** The identity before any policy has established one. */
export const NOBODY: Identity = {};

/**
 * New findings win. Usually nothing is known yet, or the findings are equal. Issuers belong to the claims of one
 * token: with the claims of another policy, they would vouch for something that they never said.
 */
export function merged(known: Identity, found: Identity): Identity {
  if (known === NOBODY) return found;
  const isKnown =
    (found.client === undefined || found.client === known.client) &&
    (found.contract === undefined || found.contract === known.contract) &&
    (found.claims === undefined || found.claims === known.claims) &&
    (found.issuers === undefined || found.issuers === known.issuers);
  if (isKnown) return known;
  if (found.claims === undefined || found.claims === known.claims) return { ...known, ...found };
  const { issuers: _, ...others } = known;
  return { ...others, ...found };
}
