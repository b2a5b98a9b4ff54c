import type { AccessPolicy, QuotaPolicy } from '../policy/policy.ts';
import type { HostMatching } from '../request/host.ts';
import { IdentityHeaders } from '../snapshot/identity-headers.ts';
import type { Api, Bound } from '../snapshot/snapshot.ts';
import { inClasses, inOrder } from './policy-order.ts';
import type { BoundPolicy } from './bindings.ts';
import { takesSeveralIssuers, tellSeveralIssuers } from './client-issuers.ts';
import { isPublicInVain } from './openings.ts';
import type { PolicyStage } from './compiled-policies.ts';
import { refuseUnmetConditions } from './condition-needs.ts';
import type { DocumentIndex } from './document-index.ts';
import { compare } from './fault.ts';
import type { Faults } from './fault.ts';
import { normalizeBasePath } from './fields.ts';
import { hostsOf } from './hosts.ts';
import { refuseHidden, refuseWithoutEffect } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { maxStaleMsOf } from './max-stale.ts';
import { namespaceOf, PLATFORM_NAMESPACE, qualifiedName, referenceFrom } from './names.ts';
import { refuseOwnedHeaders } from './owned-headers.ts';
import { tellNestedApis } from './nested-apis.ts';
import { tellForeignHosts } from './never-applying.ts';
import { olderFirst, tellOverlaps } from './overlapping-apis.ts';
import { refuseSharedUrls, resourceMetadataOf } from './resource-metadata.ts';
import type { RouteStage } from './routes.ts';
import type { TierStage } from './tiers.ts';
import { refuseChosenRules } from './chosen-rules.ts';
import type { Warnings } from './warnings.ts';

export interface ApiContext {
  readonly index: DocumentIndex;
  readonly policies: PolicyStage;
  readonly tiers: TierStage;
  readonly routes: RouteStage;
  readonly hosts: HostMatching;
  readonly faults: Faults;
  readonly warnings: Warnings;
}

export interface AssembledApis {
  /** Sorted by name. */
  readonly apis: readonly Api[];
  /** If two APIs claim one host and base path, the one that gets it comes first. */
  readonly byAge: readonly Api[];
  /** The APIs of all namespaces. */
  readonly identityHeaders: IdentityHeaders;
}

/** Brings APIs and their policies together: their own, and those that bindings add. */
export function assembleApis(context: ApiContext): AssembledApis {
  const { index, policies, tiers, hosts, faults } = context;
  const loadedApis = [...index.all('Api')].sort((a, b) => compare(nameOf(a), nameOf(b)));
  tellOverlaps(loadedApis, context);
  refuseSharedUrls(loadedApis, faults);
  const owned = ownedHeaders(policies);
  const bindings = [...index.all('PolicyBinding')].map((loaded) => {
    const targets = new Set(loadedApis.filter((api) => isTarget(loaded, api)).map(nameOf));
    const isWithheld = loaded.withheld !== undefined;
    if (targets.size === 0 && !isWithheld) refuseNoTarget(loaded, index, faults);
    const isPlatform = namespaceOf(loaded.document.metadata) === PLATFORM_NAMESPACE;
    return { targets, isPlatform, placed: isWithheld ? [] : policies.of(loaded) };
  });
  const wereSound = faults.none;
  const byLoaded = new Map<Loaded<'Api'>, Api>();
  for (const loaded of loadedApis) {
    const name = nameOf(loaded);
    const { metadata, spec } = loaded.document;
    if (loaded.withheld !== undefined) {
      byLoaded.set(loaded, withheldApi(loaded, hosts, owned.of(namespaceOf(metadata))));
      continue;
    }
    const own = policies.of(loaded);
    const bound = bindings.filter(({ targets }) => targets.has(name));
    const ofPlatform = bound.filter(({ isPlatform }) => isPlatform).flatMap(({ placed }) => placed);
    const ofNamespace = bound.filter(({ isPlatform }) => !isPlatform).flatMap(({ placed }) => placed);
    const ordered = inClasses(
      inOrder([], ofPlatform.map(policyOf)),
      inOrder(own.map(policyOf), ofNamespace.map(policyOf)),
    );
    refuseSharedNames(own, [...ofPlatform, ...ofNamespace], faults);
    const ofApi = (tiers.of(name) ?? []).map(({ tier }) => tier);
    // A policy that is missing because of its own fault must not cause faults elsewhere.
    const identityHeaders = owned.of(namespaceOf(metadata));
    const placed = [...own, ...ofNamespace, ...ofPlatform];
    const severalIssuers = takesSeveralIssuers(placed);
    if (severalIssuers) tellSeveralIssuers(name, placed, context.warnings);
    if (wereSound) {
      refuseWithoutEffect({ name, tiers: ofApi }, placed, faults);
      refuseHidden(placed, ordered, faults);
      refuseChosenRules(name, placed, identityHeaders.names, context);
      refuseOwnedHeaders(name, placed, ordered, identityHeaders.names, faults);
      refuseUnmetConditions(name, placed, ordered, faults);
      tellForeignHosts(own, hostsOf(spec.hosts, hosts), context.warnings);
    }
    const api: Api = {
      name,
      labels: metadata.labels ?? {},
      hosts: hostsOf(spec.hosts, hosts),
      basePath: normalizeBasePath(spec.basePath),
      encodedSlashes: spec.encodedSlashes === 'keep' ? 'keep' : undefined,
      maxStaleMs: spec.maxStale === undefined ? undefined : maxStaleMsOf(spec.maxStale),
      identityHeaders,
      severalIssuers,
      tiers: ofApi,
      routes: context.routes.of(loaded),
      publicRequests: spec.public === true ? [{}] : spec.public,
      metadata: metadataOf(loaded, ordered.filter(isAccess)),
      access: ordered.filter(isAccess),
      quota: ordered.filter(isQuota),
    };
    byLoaded.set(loaded, api);
    if (wereSound && isPublicInVain(api)) {
      const message =
        'has no effect: a policy authenticates every request of this API; give its rules a not, or remove this';
      context.warnings.add(loaded.place, [{ path: ['spec', 'public'], at: 'key', message }]);
    }
  }
  if (wereSound) tellNestedApis(byLoaded, context.warnings);
  const byAge = loadedApis.toSorted(olderFirst).flatMap((loaded) => byLoaded.get(loaded) ?? []);
  return { apis: [...byLoaded.values()], byAge, identityHeaders: owned.all };
}

/** It keeps its hosts and its path: else its requests would fall to another API. */
function withheldApi(
  { document, withheld }: Loaded<'Api'>,
  hosts: HostMatching,
  identityHeaders: IdentityHeaders,
): Api {
  const { metadata, spec } = document;
  return {
    name: qualifiedName(metadata),
    labels: metadata.labels ?? {},
    hosts: hostsOf(spec.hosts, hosts),
    basePath: normalizeBasePath(spec.basePath),
    identityHeaders,
    tiers: [],
    withheld: withheld?.detail,
    access: [],
    quota: [],
  };
}

/**
 * The headers that a policy may set belong to its namespace: they are removed from every request to an API of the
 * namespace, since one upstream may serve several APIs. Headers of the platform's policies are removed everywhere.
 */
function ownedHeaders(policies: PolicyStage): {
  readonly all: IdentityHeaders;
  readonly of: (namespace: string) => IdentityHeaders;
} {
  const byNamespace = policies.headersByNamespace();
  const ofPlatform = byNamespace.get(PLATFORM_NAMESPACE) ?? [];
  const made = new Map<string, IdentityHeaders>();
  return {
    all: new IdentityHeaders([...byNamespace.values()].flat()),
    of(namespace) {
      let headers = made.get(namespace);
      if (headers === undefined) {
        headers = new IdentityHeaders([...(byNamespace.get(namespace) ?? []), ...ofPlatform]);
        made.set(namespace, headers);
      }
      return headers;
    },
  };
}

function metadataOf({ document }: Loaded<'Api'>, access: Api['access']): Api['metadata'] {
  const { publicUrl } = document.spec;
  const { displayName } = document.metadata;
  return publicUrl === undefined ? undefined : resourceMetadataOf({ publicUrl, displayName }, access);
}

function policyOf({ bound }: PlacedPolicy): BoundPolicy {
  return bound;
}

function nameOf({ document }: Loaded): string {
  return qualifiedName(document.metadata);
}

function isAccess(bound: BoundPolicy): bound is Bound<AccessPolicy> {
  return bound.policy.phase === 'access';
}

function isQuota(bound: BoundPolicy): bound is Bound<QuotaPolicy> {
  return bound.policy.phase === 'quota';
}

/**
 * The names of an API's policies identify its counters and metrics. Names of an API called `platform` begin like those
 * of the platform's bindings: two with the same name would spend each other's quota.
 */
function refuseSharedNames(own: readonly PlacedPolicy[], bound: readonly PlacedPolicy[], faults: Faults): void {
  for (const { bound: policy, place, path } of own) {
    const other = bound.find((each) => each.bound.name === policy.name);
    if (other === undefined) continue;
    const message = `counts under the name ${policy.name}, as a binding does: give one of the two another name`;
    addIssues(faults, place, [{ path: [...path, 'policyRef', 'name'], at: 'value', message }]);
  }
}

/** A binding applies to APIs of its own namespace; bindings of the platform apply to all. */
function isTarget({ document }: Loaded<'PolicyBinding'>, { document: { metadata } }: Loaded<'Api'>): boolean {
  const { targetRef } = document.spec;
  if (targetRef.kind === 'Api') return qualifiedName(metadata) === referenceFrom(document.metadata, targetRef.name);
  const own = namespaceOf(document.metadata);
  if (own !== PLATFORM_NAMESPACE && own !== namespaceOf(metadata)) return false;
  const labels = new Map(Object.entries(metadata.labels ?? {}));
  return Object.entries(targetRef.selector.labels).every(([label, value]) => labels.get(label) === value);
}

/** A binding that matches no API is a misspelling: requests would pass without it, and nobody would notice. */
function refuseNoTarget({ document, place }: Loaded<'PolicyBinding'>, index: DocumentIndex, faults: Faults): void {
  const { targetRef } = document.spec;
  if (targetRef.kind === 'Api') {
    const message = index.dangling('Api', referenceFrom(document.metadata, targetRef.name));
    if (message !== undefined) {
      addIssues(faults, place, [{ path: ['spec', 'targetRef', 'name'], at: 'value', message, isDangling: true }]);
    }
  } else if (Object.keys(targetRef.selector.labels).length > 0 && !index.anyBroken('Api')) {
    const message = 'no API has all of these labels, so the policy would protect nothing';
    const path = ['spec', 'targetRef', 'selector', 'labels'];
    addIssues(faults, place, [{ path, at: 'key', message, isDangling: true }]);
  } else if (index.any('Api') && !index.anyBroken('Api')) {
    const message = `no API is in the namespace ${namespaceOf(document.metadata)}, so the policy would protect nothing`;
    addIssues(faults, place, [{ path: ['spec', 'targetRef', 'selector'], at: 'key', message, isDangling: true }]);
  }
}
