import type { Api } from '../snapshot/snapshot.ts';
import type { BoundPolicy } from './bindings.ts';
import type { Faults } from './fault.ts';
import { addIssues } from './load.ts';
import type { Place } from './load.ts';

// What is well-formed by itself and comes to nothing at an API: told when policies and APIs have met.

/** A policy, and where its document writes it. */
export interface PlacedPolicy {
  readonly bound: BoundPolicy;
  readonly place: Place;
  /** Of its fields in the document. */
  readonly path: readonly PropertyKey[];
}

/** Tells options of an API's policies that never find anything, and costs that nobody can ever pay. */
export function refuseWithoutEffect(
  { name, tiers }: Pick<Api, 'name' | 'tiers'>,
  policies: readonly PlacedPolicy[],
  faults: Faults,
): void {
  const tell = ({ place, path }: PlacedPolicy, field: string, message: string): void => {
    addIssues(faults, place, [{ path: [...path, 'config', field], at: 'value', message }]);
  };
  for (const placed of policies) {
    const { policy, mode } = placed.bound;
    const hasClaims = policies.some(({ bound }) => {
      return 'establishesClaims' in bound.policy && (bound.mode === 'enforce' || mode === 'shadow');
    });
    for (const field of hasClaims ? [] : (policy.claimFields ?? [])) {
      const message = `selects a claim, and no enforced jwt-validation protects the API ${name}: add one, or select something else`;
      tell(placed, field, message);
    }
    if (policy.phase !== 'quota' || policy.costInTiers === undefined || tiers.length === 0) continue;
    const { costInTiers: cost } = policy;
    const everyTier = tiers.every(({ limits }) => limits.some(({ maximumRequests }) => cost > maximumRequests));
    const message = `is above a limit of every tier of the API ${name}: no request could ever pass; lower it, or raise maximumRequests`;
    if (everyTier) tell(placed, 'cost', message);
  }
}
