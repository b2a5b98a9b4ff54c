import type { Policy } from '../policy/policy.ts';
import { upgrade } from '../policy/upgrade-note.ts';
import { withMembers } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import type { Warnings } from './warnings.ts';

/** Whether the enforced policies of an API together accept the statements of several issuers about clients. */
export function takesSeveralIssuers(policies: readonly PlacedPolicy[]): boolean {
  const issuers = trusting(policies).flatMap(({ bound }) => bound.policy.clientIssuers ?? []);
  return new Set(issuers.map(({ name }) => name)).size > 1 || issuers.some(({ isMany }) => isMany);
}

/** Reports policies that accept one issuer each, if an API combines several of them. */
export function tellSeveralIssuers(api: string, policies: readonly PlacedPolicy[], warnings: Warnings): void {
  for (const { bound, place, path } of trusting(policies)) {
    const { clientIssuers = [] } = bound.policy;
    const [only] = clientIssuers;
    // A policy that accepts several by itself is reported by its own kind.
    if (clientIssuers.length !== 1 || only?.isPlain !== true) continue;
    const message = `takes tokens of another issuer than other policies of the API ${api}: a client counts there only where its ClientApplication has their issuer in issuers, else it is 403 now; write issuers in place of issuer`;
    warnings.upgrade(place, [upgrade('several-issuers', [...path, 'config', 'issuer'], message)]);
  }
}

/** The enforced policies whose tokens may name a client, themselves or through a policy that selects it from claims. */
function trusting(policies: readonly PlacedPolicy[]): readonly PlacedPolicy[] {
  const enforced = withMembers(policies).filter(({ bound }) => bound.mode === 'enforce');
  const isClaimed = enforced.some(({ bound }) => namesClient(bound.policy) && isIdClaimed(bound.policy));
  return enforced.filter(({ bound }) => isClaimed || namesClient(bound.policy));
}

function namesClient({ provides = [] }: Policy): boolean {
  return provides.includes('client');
}

function isIdClaimed({ requires = [] }: Policy): boolean {
  return requires.some(({ what, field }) => what === 'claims' && field === 'clientIdExpression');
}
