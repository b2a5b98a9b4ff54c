import { canonicalHeaderName } from '../request/header-name.ts';
import type { BoundPolicy } from './bindings.ts';
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

function readsOf({ policy, rules }: BoundPolicy): readonly Read[] {
  const byOptions = (policy.headerReads ?? []).map(({ field, header, fromCaller = false }): Read => {
    return { header, field: ['config', field], fromCaller };
  });
  const byRules = (rules?.headers ?? []).map(({ rule, name }): Read => {
    return { header: name, field: ['rules', rule, 'headers'], fromCaller: false };
  });
  return [...byOptions, ...byRules];
}

/** What an earlier policy may have set; a shadow policy sees what shadow policies would have set too. */
function setBefore(bound: BoundPolicy, ordered: readonly BoundPolicy[]): ReadonlySet<string> {
  const set = new Set<string>();
  for (const earlier of ordered.toSorted((one, other) => turnOf(one) - turnOf(other))) {
    if (earlier === bound) break;
    if (earlier.mode === 'shadow' && bound.mode !== 'shadow') continue;
    for (const header of earlier.policy.identityHeaders) set.add(canonicalHeaderName(header));
  }
  return set;
}

/** Quota policies run after all others, those in shadow mode last. */
function turnOf({ policy, mode }: BoundPolicy): number {
  if (policy.phase === 'access') return 0;
  return mode === 'enforce' ? 1 : 2;
}
