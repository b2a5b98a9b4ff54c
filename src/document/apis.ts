import type { AccessPolicy, QuotaPolicy } from '../policy/policy.ts';
import { documentHost } from '../request/host.ts';
import type { HostMatching } from '../request/host.ts';
import { IdentityHeaders } from '../snapshot/identity-headers.ts';
import type { Api, Bound } from '../snapshot/snapshot.ts';
import { compilePolicy, inOrder } from './bindings.ts';
import type { BoundPolicy, PolicyContext } from './bindings.ts';
import type { CompiledTier } from './contracts.ts';
import { compare } from './fault.ts';
import type { Faults } from './fault.ts';
import { normalizeBasePath } from './fields.ts';
import { addressNotes, hostsOf, portIssues } from './hosts.ts';
import { refuseWithoutEffect } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import { below } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { whereIs } from './name-index.ts';
import type { NameIndex } from './name-index.ts';
import { ownNames } from './own-names.ts';
import { refuseOwnedHeaders } from './owned-headers.ts';
import type { Document } from './schema.ts';
import type { Warnings } from './warnings.ts';

interface Context extends PolicyContext {
  readonly index: NameIndex;
  readonly faults: Faults;
  readonly warnings: Warnings;
  readonly tiers: ReadonlyMap<string, readonly CompiledTier[]>;
  readonly hosts: HostMatching;
  readonly digest: (document: Document, content: unknown) => void;
}

export interface CompiledApis {
  /** Sorted by name. */
  readonly apis: readonly Api[];
  /** Every policy that was made, bound to an API or not. */
  readonly policies: readonly BoundPolicy[];
  readonly identityHeaders: IdentityHeaders;
}

/** Makes the APIs and their policies: their own and those that bindings add. */
export function compileApis(context: Context): CompiledApis {
  const loadedApis = [...context.index.all('Api')].sort((a, b) => compare(nameOf(a), nameOf(b)));
  refuseOverlaps(loadedApis, context);
  const own = new Map(loadedApis.map((loaded) => [nameOf(loaded), ownPolicies(loaded, context)]));
  const bindings = [...context.index.all('PolicyBinding')].map((loaded) => compileBinding(loaded, loadedApis, context));
  const wereSound = context.faults.none;
  const policies = [...[...own.values()].flat(), ...bindings.flatMap((binding) => binding.policies)].map(policyOf);
  const identityHeaders = new IdentityHeaders(policies.flatMap(({ policy }) => policy.identityHeaders));
  const apis = loadedApis.map(({ document: { metadata, spec } }): Api => {
    const ownOnes = own.get(metadata.name) ?? [];
    const bound = bindings.filter(({ targets }) => targets.has(metadata.name)).flatMap((binding) => binding.policies);
    const ordered = inOrder(ownOnes.map(policyOf), bound.map(policyOf));
    const tiers = (context.tiers.get(metadata.name) ?? []).map(({ tier }) => tier);
    // A policy that is missing for a fault of its own is no reason to find fault with others.
    if (wereSound) {
      const placed = [...ownOnes, ...bound];
      refuseWithoutEffect({ name: metadata.name, tiers }, placed, context.faults);
      refuseOwnedHeaders(metadata.name, placed, ordered, identityHeaders.names, context.faults);
    }
    return {
      name: metadata.name,
      labels: metadata.labels ?? {},
      hosts: hostsOf(spec.hosts, context.hosts),
      basePath: normalizeBasePath(spec.basePath),
      encodedSlashes: spec.encodedSlashes === 'keep' ? 'keep' : undefined,
      tiers,
      access: ordered.filter(isAccess),
      quota: ordered.filter(isQuota),
    };
  });
  return { apis, policies, identityHeaders };
}

function policyOf({ bound }: PlacedPolicy): BoundPolicy {
  return bound;
}

function nameOf(loaded: Loaded): string {
  return loaded.document.metadata.name;
}

function isAccess(bound: BoundPolicy): bound is Bound<AccessPolicy> {
  return bound.policy.phase === 'access';
}

function isQuota(bound: BoundPolicy): bound is Bound<QuotaPolicy> {
  return bound.policy.phase === 'quota';
}

/** Two APIs with one host and base path would leave it to chance which one decides. */
function refuseOverlaps(apis: readonly Loaded<'Api'>[], { faults, hosts: matching }: Context): void {
  const seen = new Map<string, Loaded<'Api'>>();
  for (const loaded of apis) {
    const { hosts, basePath } = loaded.document.spec;
    const path = normalizeBasePath(basePath);
    const names = (hosts ?? ['*']).map((host) => documentHost(host, matching));
    for (const [index, host] of names.entries()) {
      const key = `${host} ${path}`;
      const first = seen.get(key);
      seen.set(key, first ?? loaded);
      if (first === undefined) continue;
      const message =
        first === loaded
          ? 'this host is listed twice'
          : `the API ${nameOf(first)} has the same host and base path: ${whereIs(first)}`;
      const field = hosts === undefined ? ['basePath'] : ['hosts', index];
      addIssues(faults, loaded.place, [{ path: ['spec', ...field], at: 'value', message }]);
    }
  }
}

function ownPolicies({ document, place }: Loaded<'Api'>, context: Context): readonly PlacedPolicy[] {
  const { metadata, spec } = document;
  const { names, issues: nameIssues } = ownNames(metadata.name, spec.policies);
  const compiled = spec.policies.map((fields, index) => compilePolicy(names[index] ?? '', fields, context));
  const issues = compiled.flatMap((policy, index) => below(['spec', 'policies', index], policy.issues));
  addIssues(context.faults, place, [...portIssues(spec.hosts, context.hosts), ...nameIssues, ...issues]);
  context.warnings.upgrade(place, addressNotes(spec, context.hosts));
  for (const [index, { notes, warnings }] of compiled.entries()) {
    context.warnings.upgrade(place, below(['spec', 'policies', index], notes));
    context.warnings.add(place, below(['spec', 'policies', index], warnings));
  }
  const hosts = hostsOf(spec.hosts, context.hosts).toSorted(compare);
  const basePath = normalizeBasePath(spec.basePath);
  const policies = compiled.map(({ content }) => content);
  context.digest(document, { ...document, spec: { ...spec, hosts, basePath, policies } });
  return compiled.flatMap(({ bound }, index) => {
    return bound === undefined ? [] : [{ bound, place, path: ['spec', 'policies', index] }];
  });
}

interface CompiledBinding {
  readonly policies: readonly PlacedPolicy[];
  /** Names of APIs. */
  readonly targets: ReadonlySet<string>;
}

function compileBinding(
  loaded: Loaded<'PolicyBinding'>,
  apis: readonly Loaded<'Api'>[],
  context: Context,
): CompiledBinding {
  const { document, place } = loaded;
  const { targetRef, ...fields } = document.spec;
  const { bound, content, issues, notes, warnings } = compilePolicy(document.metadata.name, fields, context);
  addIssues(context.faults, place, below(['spec'], issues));
  context.warnings.upgrade(place, below(['spec'], notes));
  context.warnings.add(place, below(['spec'], warnings));
  context.digest(document, { ...document, spec: { targetRef, content } });
  const targets = new Set(apis.filter((api) => isTarget(targetRef, api)).map(nameOf));
  if (targets.size === 0) refuseNoTarget(loaded, context);
  return { policies: bound === undefined ? [] : [{ bound, place, path: ['spec'] }], targets };
}

type TargetRef = Loaded<'PolicyBinding'>['document']['spec']['targetRef'];

function isTarget(target: TargetRef, { document: { metadata } }: Loaded<'Api'>): boolean {
  if (target.kind === 'Api') return metadata.name === target.name;
  const labels = new Map(Object.entries(metadata.labels ?? {}));
  return Object.entries(target.selector.labels).every(([label, value]) => labels.get(label) === value);
}

/** A binding that protects nothing is a misspelling: requests would pass without it, and nobody would be told. */
function refuseNoTarget({ document, place }: Loaded<'PolicyBinding'>, { index, faults }: Context): void {
  const { targetRef } = document.spec;
  if (targetRef.kind === 'Api') {
    const message = index.dangling('Api', targetRef.name);
    if (message !== undefined) {
      addIssues(faults, place, [{ path: ['spec', 'targetRef', 'name'], at: 'value', message, isDangling: true }]);
    }
  } else if (Object.keys(targetRef.selector.labels).length > 0 && !index.anyBroken('Api')) {
    const message = 'no API has all of these labels, so the policy would protect nothing';
    const path = ['spec', 'targetRef', 'selector', 'labels'];
    addIssues(faults, place, [{ path, at: 'key', message, isDangling: true }]);
  }
}
