import type { Fault } from '../errors.ts';
import type { Unlooked } from './finding.ts';
import type { EnvoyDump } from './envoy-dump.ts';
import type { SeenCertificate } from './certificate.ts';
import type { RedisState } from './redis-state.ts';
import type { ServiceState, SidecarState } from './service-state.ts';
import { isSelected, labelsOf } from './resource.ts';
import type { Resource } from './resource.ts';
import type { Part } from '../generate/envoy-value.ts';

/** What the documents of ostiary say, compiled. */
export interface DocumentsRead {
  readonly faults: readonly Fault[];
  readonly apis: readonly DocumentedApi[];
}

export interface DocumentedApi {
  readonly name: string;
  /** Policies that decide, and those in shadow mode. */
  readonly enforced: number;
  readonly shadowed: number;
  /** Whether quota of all replicas is meant to be one. */
  readonly countsForAll: boolean;
  /** Its document says that requests of it are open. */
  readonly isPublic: boolean;
  /** Requests that no policy authenticates though the document does not say so, in words. */
  readonly unauthenticated: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** All that was collected. */
export interface World {
  readonly resources: readonly Resource[];
  /** True: an object of a listed kind that is not here does not exist. Files are a part of what there is. */
  readonly isCluster: boolean;
  /** In a cluster: the kinds that could be listed. */
  readonly listed: ReadonlySet<string>;
  /** In a cluster: the namespaces that were looked at; undefined: all. */
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly envoys: readonly EnvoyDump[];
  readonly documents: DocumentsRead | undefined;
  readonly redis: readonly RedisState[];
  readonly services: readonly ServiceState[];
  readonly sidecars: readonly SidecarState[];
  /** As servers have presented them. */
  readonly certificates: readonly SeenCertificate[];
  readonly unlooked: readonly Unlooked[];
  readonly looked: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

export const NOTHING: Omit<World, 'now'> = {
  resources: [],
  isCluster: false,
  listed: new Set(),
  namespaces: undefined,
  envoys: [],
  documents: undefined,
  redis: [],
  services: [],
  sidecars: [],
  certificates: [],
  unlooked: [],
  looked: [],
};

/** Checks ask for the objects of a kind once for each pod of a cluster. */
const byKind = new WeakMap<readonly Resource[], ReadonlyMap<string, readonly Resource[]>>();

export function ofKind({ resources }: World, ...kinds: readonly string[]): readonly Resource[] {
  let known = byKind.get(resources);
  if (known === undefined) byKind.set(resources, (known = Map.groupBy(resources, ({ kind }) => kind)));
  const [only = '', ...others] = kinds;
  if (others.length === 0) return known.get(only) ?? [];
  return kinds.flatMap((kind) => known.get(kind) ?? []);
}

export function findResource(world: World, kind: string, namespace: string, name: string): Resource | undefined {
  return ofKind(world, kind).find(
    (each) => each.name === name && (each.namespace === '' || each.namespace === namespace),
  );
}

/**
 * Whether an object that is not among the resources does not exist. Of files that is said only where they have others of
 * the kind in the namespace: nobody keeps some of his Gateways in one folder and the rest elsewhere.
 */
export function isMissing(world: World, kind: string, namespace: string, name: string): boolean {
  if (findResource(world, kind, namespace, name) !== undefined) return false;
  if (world.isCluster) return world.listed.has(kind) && isLookedAt(world, namespace);
  return ofKind(world, kind).some((each) => each.namespace === namespace || each.namespace === '');
}

function isLookedAt({ namespaces }: World, namespace: string): boolean {
  return namespaces === undefined || namespace === '' || namespaces.has(namespace);
}

/** Whether a selector of namespaces takes this one; false where its labels are not known. */
export function takesNamespace(world: World, selector: Part | undefined, namespace: string): boolean {
  const found = findResource(world, 'Namespace', '', namespace);
  const labels = { ...(found && labelsOf(found)), 'kubernetes.io/metadata.name': namespace };
  return isSelected(selector, labels);
}
