import { upgrade } from '../policy/upgrade-note.ts';
import { withMembers } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import type { Warnings } from './warnings.ts';

/** Whether the enforced policies of an API together take the word on clients of more than one issuer. */
export function takesSeveralIssuers(policies: readonly PlacedPolicy[]): boolean {
  const issuers = withMembers(policies).flatMap(({ bound }) =>
    bound.mode === 'enforce' ? (bound.policy.clientIssuers ?? []) : [],
  );
  return new Set(issuers.map(({ name }) => name)).size > 1 || issuers.some(({ isMany }) => isMany);
}

/** Tells policies that each take one issuer, and several at an API where they meet. */
export function tellSeveralIssuers(api: string, policies: readonly PlacedPolicy[], warnings: Warnings): void {
  for (const { bound, place, path } of withMembers(policies)) {
    const { clientIssuers = [] } = bound.policy;
    const [only] = clientIssuers;
    // Of a policy that takes several by itself, its kind tells.
    if (bound.mode !== 'enforce' || clientIssuers.length !== 1 || only?.isPlain !== true) continue;
    const message = `takes tokens of another issuer than other policies of the API ${api}: a client counts there only where its ClientApplication has their issuer in issuers, else it is 403 now; write issuers in place of issuer`;
    warnings.upgrade(place, [upgrade('several-issuers', [...path, 'config', 'issuer'], message)]);
  }
}
