import type { Read } from '../cel/code.ts';
import type { Finding } from '../policy/policy.ts';
import { headersAmong, metadataAmong } from '../policy/selection.ts';
import type { BoundPolicy } from './bindings.ts';
import { earlierThan } from './earlier.ts';
import type { Faults } from './fault.ts';
import { needOfEnvoy, withMembers } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import { addIssues } from './load.ts';
import type { Warnings } from './warnings.ts';

/** What a condition reads, and its field below the fields of its policy. */
export interface PlacedCondition {
  readonly field: readonly PropertyKey[];
  readonly reads: readonly Read[];
}

/** `when`, and the conditions among a policy's options. */
export function conditionsOf({ when, policy }: BoundPolicy): readonly PlacedCondition[] {
  const ofOptions = (policy.conditions ?? []).map(({ path, reads }) => ({ field: ['config', ...path], reads }));
  return when === undefined ? ofOptions : [{ field: ['when'], reads: when.reads }, ...ofOptions];
}

/** The request headers that conditions read, each with the field of its condition. */
export function headersOfConditions(
  bound: BoundPolicy,
): readonly { readonly header: string; readonly field: readonly PropertyKey[] }[] {
  return conditionsOf(bound).flatMap(({ field, reads }) => headersAmong(reads).map((header) => ({ header, field })));
}

const FOUND_BY: Readonly<Record<string, Finding>> = {
  claims: 'claims',
  client: 'client',
  contract: 'client',
  tier: 'client',
};

/**
 * Reports conditions that read values which no earlier policy of the API establishes: `has` would be false for every
 * request, and everything else would fail.
 * @param ordered all policies of the API, in the order of decision
 */
export function refuseUnmetConditions(
  api: string,
  placed: readonly PlacedPolicy[],
  ordered: readonly BoundPolicy[],
  faults: Faults,
): void {
  for (const group of placed) {
    for (const { bound, place, path } of withMembers([group])) {
      for (const { field, reads } of conditionsOf(bound)) {
        const unmet = reads.find(({ variable }) => {
          const wanted = FOUND_BY[variable];
          return wanted !== undefined && !isFoundBefore(wanted, group.bound, ordered);
        });
        if (unmet === undefined) continue;
        const what = unmet.variable === 'claims' ? 'verifies a token' : 'establishes a client';
        const message = `reads ${unmet.variable}, and no enforced policy of the API ${api} that runs before this one ${what}: bind one with a lower order, or read something else`;
        addIssues(faults, place, [{ path: [...path, ...field], at: 'value', message }]);
      }
    }
  }
}

function isFoundBefore(what: Finding, bound: BoundPolicy, ordered: readonly BoundPolicy[]): boolean {
  return earlierThan(bound, ordered).some(({ policy }) => policy.provides?.includes(what) === true);
}

/** Reports what conditions need from Envoy, since documents can't configure it. */
export function tellConditionNeeds(policies: readonly PlacedPolicy[], warnings: Warnings): void {
  for (const { bound, place, path } of withMembers(policies)) {
    for (const { field, reads } of conditionsOf(bound)) {
      for (const namespace of new Set(metadataAmong(reads))) {
        const message = needOfEnvoy({ metadata: namespace });
        if (message !== undefined) warnings.add(place, [{ path: [...path, ...field], at: 'value', message }]);
      }
    }
  }
}
