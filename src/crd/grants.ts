import { documentNamespace } from './names.ts';
import type { ClusterNames } from './names.ts';
import { accessGrantSpec } from './binding-schema.ts';
import type { AccessGrantSpec } from './binding-schema.ts';
import { isObject } from './json.ts';
import type { Json } from './json.ts';

/** An AccessGrant as the controller has read it. */
export interface Grant {
  /** Whose it is: what it grants is of this namespace. */
  readonly namespace: string;
  readonly spec: AccessGrantSpec;
}

/** @returns undefined: it is none, or not as it should be, and grants nothing */
export function grantOf(object: Json): Grant | undefined {
  const { metadata, spec } = object;
  const namespace = isObject(metadata) ? metadata['namespace'] : undefined;
  const read = accessGrantSpec.safeParse(spec);
  return typeof namespace === 'string' && read.success ? { namespace, spec: read.data } : undefined;
}

/** The guests that grants of its namespace make of an API. */
export function guestsBy(
  grants: readonly Grant[],
  namespace: string,
  api: string,
  names: ClusterNames,
): readonly Json[] {
  return grants
    .filter((grant) => grant.namespace === namespace)
    .flatMap(({ spec: { from, places = [] } }) =>
      places
        .filter((place) => place.api === api)
        .flatMap(({ hosts, basePath }) =>
          from.map((whose) => ({
            namespace: documentNamespace(whose.namespace, names),
            ...(hosts !== undefined && { hosts }),
            basePath,
          })),
        ),
    );
}

/** What a Contract says of an API of another namespace. */
export interface ContractClaim {
  readonly from: string;
  readonly to: string;
  readonly api: string;
  readonly tier: string | undefined;
  readonly status: unknown;
}

/** @returns why no grant permits it; undefined: one does */
export function contractProblem(grants: readonly Grant[], claim: ContractClaim): string | undefined {
  const { from, to, api, tier, status } = claim;
  const ofApi = grants
    .filter(({ namespace, spec }) => namespace === to && spec.from.some((whose) => whose.namespace === from))
    .flatMap(({ spec }) => spec.contracts ?? [])
    .filter((each) => each.api === api);
  // It does not tell whether there is such an API.
  if (ofApi.length === 0)
    return `no AccessGrant in the namespace ${to} lets Contracts of ${from} name an Api ${api}: its owner has to write one`;
  const ofTier = ofApi.filter(({ tiers }) => tiers === undefined || (tier !== undefined && tiers.includes(tier)));
  if (ofTier.length === 0) return `the AccessGrant in the namespace ${to} lets Contracts name other tiers alone`;
  const decides = status !== undefined && status !== 'pending';
  if (decides && !ofTier.some(({ approve }) => approve === true))
    return `the AccessGrant in the namespace ${to} does not let Contracts of ${from} say their status (approve: true): leave it out`;
  return undefined;
}
