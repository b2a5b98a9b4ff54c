import type { Finding, Need } from '../policy/policy.ts';
import type { Api } from '../snapshot/snapshot.ts';
import type { BoundPolicy } from './bindings.ts';
import type { Faults } from './fault.ts';
import { addIssues } from './load.ts';
import type { Place } from './load.ts';
import type { Warnings } from './warnings.ts';

// Options that are valid by themselves but have no effect at an API. They are reported when policies and APIs are
// compiled.

/** A policy, and where its document writes it. */
export interface PlacedPolicy {
  readonly bound: BoundPolicy;
  readonly place: Place;
  /** The path below its fields in the document. */
  readonly path: readonly PropertyKey[];
  /** The policies of a group. */
  readonly members?: readonly PlacedPolicy[] | undefined;
}

/** Groups, and the policies in them. */
export function withMembers(policies: readonly PlacedPolicy[]): readonly PlacedPolicy[] {
  return policies.flatMap((placed) => (placed.members === undefined ? [placed] : [placed, ...placed.members]));
}

/** What is said where nothing provides what an option needs. */
const unmet: Readonly<Record<Finding, (api: string) => string>> = {
  claims: (api) =>
    `selects a claim, and no enforced jwt-validation protects the API ${api}: add one, or select something else`,
  client: (api) =>
    `needs a client, and no enforced policy of the API ${api} before it authenticates one: bind one, such as client-id-enforcement`,
};

/** Reports options of an API's policies that never match anything, or have no effect there. */
export function refuseWithoutEffect(
  api: Pick<Api, 'name' | 'tiers'>,
  policies: readonly PlacedPolicy[],
  faults: Faults,
): void {
  for (const placed of withMembers(policies)) {
    const { policy } = placed.bound;
    const tell = (path: readonly PropertyKey[], message: string): void => {
      addIssues(faults, placed.place, [{ path: [...placed.path, 'config', ...path], at: 'value', message }]);
    };
    for (const { what, field } of policy.requires ?? []) {
      if (what !== 'claims' && what !== 'client') continue;
      if (!policies.some((other) => provides(other, what, placed))) tell([field], unmet[what](api.name));
    }
    for (const { path, message } of policy.faultsAt?.(api) ?? []) tell(path, message);
  }
}

/**
 * Tells policies that come before all others, behind one that takes every request: what that one answers never reaches
 * them, and what they would say of the rest need not agree with it.
 */
export function refuseHidden(placed: readonly PlacedPolicy[], ordered: readonly BoundPolicy[], faults: Faults): void {
  let first: BoundPolicy | undefined;
  for (const bound of ordered) {
    if (bound.policy.phase !== 'access' || bound.policy.isFirst !== true) continue;
    const site = placed.find((each) => each.bound === bound);
    if (first !== undefined && site !== undefined) {
      const message = `is never asked what ${first.name} answers, which takes every request of the API: remove one of the two, or give ${first.name} rules`;
      addIssues(faults, site.place, [{ path: [...site.path, 'policyRef', 'name'], at: 'value', message }]);
    }
    if (bound.mode === 'enforce' && bound.rules === undefined && bound.when === undefined) first ??= bound;
  }
}

/** What a shadow policy establishes, shadow policies alone see. */
function provides({ bound }: PlacedPolicy, what: Finding, to: PlacedPolicy): boolean {
  if (bound.policy.provides?.includes(what) !== true) return false;
  return bound.mode === 'enforce' || to.bound.mode === 'shadow';
}

/** Reports what an API's policies need from Envoy, since documents can't configure it. */
export function tellNeeds(policies: readonly PlacedPolicy[], warnings: Warnings): void {
  for (const { bound, place, path } of withMembers(policies)) {
    for (const { what, field } of bound.policy.requires ?? []) {
      const message = needOfEnvoy(what);
      if (message !== undefined) warnings.add(place, [{ path: [...path, 'config', field], at: 'value', message }]);
    }
  }
}

export function needOfEnvoy(what: Need['what']): string | undefined {
  if (what === 'body') return "needs the request's body, which Envoy sends only where its filter has with_request_body";
  if (what === 'certificate')
    return "needs the peer's certificate, which Envoy sends only where its filter has include_peer_certificate: true";
  if (typeof what === 'string') return undefined;
  return `needs metadata that Envoy sends only where its filter lists ${what.metadata} in metadata_context_namespaces`;
}
