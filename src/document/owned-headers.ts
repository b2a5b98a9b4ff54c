import { canonicalHeaderName } from '../request/header-name.ts';
import type { BoundPolicy } from './bindings.ts';
import { headersOfConditions } from './condition-needs.ts';
import { earlierThan } from './earlier.ts';
import type { Faults } from './fault.ts';
import { withMembers } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import { addIssues } from './load.ts';

/**
 * Tells options and rules of an API's policies that read a header which policies own and no earlier policy of this
 * API sets. Such a header is absent whatever the caller sends: the rule would never match, the expression never select.
 * @param ordered all policies of the API, in the order of decision
 * @param owned canonical names
 */
export function refuseOwnedHeaders(
  api: string,
  placed: readonly PlacedPolicy[],
  ordered: readonly BoundPolicy[],
  owned: ReadonlySet<string>,
  faults: Faults,
): void {
  for (const { bound, place, path, turn } of placed.flatMap(withTurn)) {
    const reads = readsOf(bound).filter(({ header }) => owned.has(canonicalHeaderName(header)));
    if (reads.length === 0) continue;
    const set = setBefore(turn, ordered);
    for (const { header, field, fromCaller } of reads) {
      if (!fromCaller && set.has(canonicalHeaderName(header))) continue;
      const message = fromCaller
        ? `reads the header ${header}, which a policy sets for upstreams, so that what callers send is never used: choose another header`
        : `reads the header ${header}, which a policy sets for upstreams and no earlier enforced policy of the API ${api} sets: ` +
          'what callers send is removed, so nothing would ever be found; choose another header, or bind the policy that sets it before';
      addIssues(faults, place, [{ path: [...path, ...field], at: 'value', message }]);
    }
  }
}

/** The policies of a group run when it does. */
function withTurn(placed: PlacedPolicy): readonly (PlacedPolicy & { readonly turn: BoundPolicy })[] {
  return withMembers([placed]).map(({ bound, place, path }) => ({ bound, place, path, turn: placed.bound }));
}

interface Read {
  /** Lower case. */
  readonly header: string;
  /** Below the fields of the policy. */
  readonly field: readonly PropertyKey[];
  readonly fromCaller: boolean;
}

function readsOf(bound: BoundPolicy): readonly Read[] {
  const { policy, rules } = bound;
  const byOptions = (policy.headerReads ?? []).map(({ field, header, fromCaller = false }): Read => {
    return { header, field: ['config', field], fromCaller };
  });
  const byRules = (rules?.headers ?? []).map(({ rule, name }): Read => {
    return { header: name, field: ['rules', rule, 'headers'], fromCaller: false };
  });
  const byConditions = headersOfConditions(bound).map(({ header, field }): Read => {
    return { header, field, fromCaller: false };
  });
  return [...byOptions, ...byRules, ...byConditions];
}

/** What an earlier policy may have set. Those of the platform see what the platform's set. */
function setBefore(bound: BoundPolicy, ordered: readonly BoundPolicy[]): ReadonlySet<string> {
  const earlier = earlierThan(bound, ordered).filter(({ isPlatform }) => bound.isPlatform !== true || isPlatform);
  const headers = earlier.flatMap(({ policy }) => policy.identityHeaders);
  return new Set(headers.map(canonicalHeaderName));
}
