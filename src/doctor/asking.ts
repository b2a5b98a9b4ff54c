import { fieldOf, isMessage, isOf, messagesBelow, partOf, partsOf, textOf } from '../generate/envoy-value.ts';
import type { Part, Path } from '../generate/envoy-value.ts';
import { parseDocument } from 'yaml';
import { isSelected, specOf, textsIn } from './resource.ts';
import type { Resource } from './resource.ts';
import { selectWorkloads } from './workload.ts';
import type { Workload } from './workload.ts';
import { ofKind } from './world.ts';
import type { World } from './world.ts';

/** What makes Envoys ask. */
export interface Asking {
  readonly resource: Resource;
  readonly way: 'EnvoyFilter' | 'AuthorizationPolicy' | 'SecurityPolicy';
  /** Of the pods that ask; undefined: targets are named. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Where that is written. */
  readonly selectionPath: Path;
  readonly targets: readonly Part[];
  /** Whether it is for gateways: of sidecars otherwise. */
  readonly isOfGateways: boolean;
  /** EnvoyFilters: the filters, with their patches. */
  readonly filters: readonly { readonly patch: Part; readonly config: Part }[];
}

/** Istio's root namespace: what is in it is for all namespaces. */
export const ROOT_NAMESPACE = 'istio-system';

export function askingIn(world: World): readonly Asking[] {
  return [
    ...ofKind(world, 'EnvoyFilter').flatMap((each) => envoyFilterAsking(each) ?? []),
    ...ofKind(world, 'AuthorizationPolicy').flatMap((each) => policyAsking(each) ?? []),
    ...ofKind(world, 'SecurityPolicy').flatMap((each) => securityAsking(each) ?? []),
  ];
}

export function patchesOf(resource: Resource): readonly Part[] {
  return partsOf(specOf(resource), 'configPatches');
}

/** The value that a patch brings in. */
export function patchedValue(patch: Part): Part | undefined {
  const inner = partOf(patch, 'patch');
  return inner && partOf(inner, 'value');
}

function envoyFilterAsking(resource: Resource): Asking | undefined {
  const filters = patchesOf(resource).flatMap((patch) => {
    const value = textOf(patch, 'applyTo') === 'HTTP_FILTER' ? patchedValue(patch) : undefined;
    const config = value && partOf(value, 'typed_config');
    return config !== undefined && isOf(config, 'ExtAuthz') ? [{ patch, config }] : [];
  });
  if (filters.length === 0) return undefined;
  const spec = specOf(resource);
  const targets = partsOf(spec, 'targetRefs');
  const contexts = filters.map(({ patch }) => textOf(partOf(patch, 'match'), 'context'));
  return {
    resource,
    way: 'EnvoyFilter',
    labels: targets.length > 0 ? undefined : textsIn(partOf(spec, 'workloadSelector'), 'labels'),
    selectionPath: targets.length > 0 ? ['spec', 'targetRefs'] : ['spec', 'workloadSelector', 'labels'],
    targets,
    isOfGateways: contexts.every((context) => context === 'GATEWAY'),
    filters,
  };
}

function policyAsking(resource: Resource): Asking | undefined {
  const spec = specOf(resource);
  if (textOf(spec, 'action') !== 'CUSTOM') return undefined;
  const single = partOf(spec, 'targetRef');
  const targets = single === undefined ? partsOf(spec, 'targetRefs') : [single];
  return {
    resource,
    way: 'AuthorizationPolicy',
    labels: targets.length > 0 ? undefined : textsIn(partOf(spec, 'selector'), 'matchLabels'),
    selectionPath: targets.length > 0 ? ['spec', 'targetRefs'] : ['spec', 'selector', 'matchLabels'],
    targets,
    isOfGateways: targets.length > 0,
    filters: [],
  };
}

function securityAsking(resource: Resource): Asking | undefined {
  const spec = specOf(resource);
  if (partOf(spec, 'extAuth') === undefined) return undefined;
  const single = partOf(spec, 'targetRef');
  const targets = single === undefined ? partsOf(spec, 'targetRefs') : [single];
  const selectionPath = ['spec', 'targetRefs'];
  return {
    resource,
    way: 'SecurityPolicy',
    labels: undefined,
    selectionPath,
    targets,
    isOfGateways: true,
    filters: [],
  };
}

/** The workloads whose own Envoy asks. */
export function askedWorkloads(world: World, asking: Asking): readonly Workload[] {
  if (asking.labels === undefined || asking.isOfGateways) return [];
  if (asking.resource.namespace === ROOT_NAMESPACE) return [];
  return selectWorkloads(world, asking.resource.namespace, asking.labels);
}

/** Whether all TCP of a workload is denied, so that only what Envoy knows for HTTP gets in. */
export function isGuarded(world: World, { namespace, labels }: Workload): boolean {
  return ofKind(world, 'AuthorizationPolicy').some((policy) => {
    const spec = specOf(policy);
    if (policy.namespace !== namespace && policy.namespace !== ROOT_NAMESPACE) return false;
    if (!isSelected(partOf(spec, 'selector'), labels) || partsOf(spec, 'targetRefs').length > 0) return false;
    // For TCP, Istio drops conditions of HTTP: a CUSTOM policy denies it, too.
    if (textOf(spec, 'action') === 'CUSTOM') return true;
    return textOf(spec, 'action') === 'DENY' && partsOf(spec, 'rules').some(deniesTcp);
  });
}

function deniesTcp(rule: Part): boolean {
  return partsOf(rule, 'to').some((each) => {
    const operation = partOf(each, 'operation');
    const methods = operation && fieldOf(operation, 'notMethods').value;
    return Array.isArray(methods) && methods.includes('*');
  });
}

/** A provider of Istio's mesh configuration that is asked over gRPC or HTTP. */
export interface Provider {
  readonly name: string;
  readonly resource: Resource;
  /** Where it is written: of a ConfigMap its text. */
  readonly path: Path;
  readonly grpc: Part | undefined;
  readonly http: Part | undefined;
  /** Whether it is of the mesh configuration as a ConfigMap has it, in a text. */
  readonly isInText: boolean;
}

/** @returns undefined: no mesh configuration is known */
export function providersIn(world: World): readonly Provider[] | undefined {
  const found = world.resources.flatMap((resource): readonly (readonly Provider[])[] => {
    if (resource.kind === 'ConfigMap') {
      const mesh = textOf(partOf(resource.root, 'data'), 'mesh');
      if (mesh === '') return [];
      const value: unknown = parseDocument(mesh, { logLevel: 'silent' }).toJS();
      return isMessage(value) ? [providersOf(resource, { value, path: [] }, true)] : [];
    }
    if (resource.kind !== '' && resource.kind !== 'IstioOperator' && resource.kind !== 'Istio') return [];
    const holders = [...messagesBelow(resource.root)].filter((each) => partsOf(each, 'extensionProviders').length > 0);
    return holders.map((each) => providersOf(resource, each, false));
  });
  return found.length === 0 ? undefined : found.flat();
}

function providersOf(resource: Resource, holder: Part, isInText: boolean): readonly Provider[] {
  return partsOf(holder, 'extensionProviders').map((each) => ({
    name: textOf(each, 'name'),
    resource,
    path: isInText ? ['data', 'mesh'] : each.path,
    grpc: partOf(each, 'envoyExtAuthzGrpc'),
    http: partOf(each, 'envoyExtAuthzHttp'),
    isInText,
  }));
}
