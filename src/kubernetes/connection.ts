import type { Timers } from '../clock.ts';
import { textLines } from '../text-lines.ts';
import type { Endpoint } from './endpoint.ts';
import { faultOfStatus, KubernetesFault } from './fault.ts';
import { isInCluster, inClusterEndpoint } from './in-cluster.ts';
import { kubeconfigEndpoint } from './kubeconfig.ts';
import type { KubeconfigChoice } from './kubeconfig.ts';
import type { KubernetesObject, ObjectName } from './object.ts';
import { Requests } from './requests.ts';
import type { ApiAnswer, ApiRequest } from './requests.ts';
import { apiVersionOf, collectionPath, objectPath } from './resource-type.ts';
import type { ResourceType } from './resource-type.ts';

/** What of a type is meant. */
export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection {
  /** Objects a chunk (500). */
  readonly limit?: number;
  /** Metadata alone: neither `spec` nor `status` is sent. */
  readonly isMetadataOnly?: boolean;
}

/** All of a list, as of one moment. */
export interface Listed {
  readonly objects: readonly KubernetesObject[];
  /** A watch from here on misses nothing. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** After so long the server ends it, in seconds. */
  readonly timeoutSeconds: number;
  readonly isMetadataOnly?: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** One event of a watch. A bookmark's object has a resource version alone. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
}

export interface WriteOptions {
  /** Who writes, as `managedFields` name them (`ostiary`). */
  readonly fieldManager?: string;
  /** Such as `status`. */
  readonly subresource?: string;
  /** Judged by everything, admission included, and not kept. */
  readonly isDryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Fields that others manage become ours; without it they are a conflict (status 409). */
  readonly isForced?: boolean;
}

export interface DeleteOptions {
  /** Only the object with this uid: another of the same name stays. */
  readonly uid?: string;
}

/** A cluster's API server. Each call rejects with a {@link KubernetesFault} where it is refused or not answered. */
export interface Cluster {
  /** Its URL, for people. */
  readonly server: string;
  /** What the kubeconfig calls it. */
  readonly context: string;
  /** The namespace that commands mean where they name none: of a pod, its own. */
  readonly namespace: string;
  /** Any request. */
  ask(request: ApiRequest): Promise<ApiAnswer>;
  /** @returns undefined: there is none */
  get(type: ResourceType, name: ObjectName): Promise<KubernetesObject | undefined>;
  /** In chunks; what it returns is complete. */
  list(type: ResourceType, options?: ListOptions): Promise<Listed>;
  /** What changes from a resource version on, until the server or the signal ends it. Survives nothing: see {@link Informer}. */
  watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent>;
  /** Server-side: makes the fields of the object as they are given, and drops those that we gave before. */
  apply(type: ResourceType, object: KubernetesObject, options?: ApplyOptions): Promise<KubernetesObject>;
  /** @throws KubernetesFault with status 409 where there is one of that name */
  create(type: ResourceType, object: KubernetesObject, options?: WriteOptions): Promise<KubernetesObject>;
  /** Replaces all of it; with a `resourceVersion` only if nobody has changed it since (status 409). */
  replace(type: ResourceType, object: KubernetesObject, options?: WriteOptions): Promise<KubernetesObject>;
  /** A JSON merge patch (RFC 7396). */
  patch(type: ResourceType, name: ObjectName, patch: object, options?: WriteOptions): Promise<KubernetesObject>;
  /** The status alone, server-side: fields that we gave before and do not give now are dropped. */
  applyStatus(type: ResourceType, object: KubernetesObject, options?: ApplyOptions): Promise<KubernetesObject>;
  /** @returns whether there was one */
  delete(type: ResourceType, name: ObjectName, options?: DeleteOptions): Promise<boolean>;
  close(): void;
}

export interface ClusterPorts {
  readonly timers: Timers;
  readonly environment: NodeJS.ProcessEnv;
  /** Such as `ostiary/0.1.0`. */
  readonly userAgent: string;
}

const FIELD_MANAGER = 'ostiary';
const CHUNK = 500;
const ANSWER_MS = 60_000;
const AS_METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const AS_METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/**
 * The cluster that a kubeconfig names; without one, the cluster that this process runs in, and outside of any what kubectl
 * would ask. Nothing is asked yet.
 * @throws UserError (rejects with it)
 */
export async function connectTo(choice: KubeconfigChoice, ports: ClusterPorts): Promise<Cluster> {
  const { environment } = ports;
  const isNamed = choice.file !== undefined || choice.context !== undefined;
  const endpoint =
    !isNamed && isInCluster(environment)
      ? await inClusterEndpoint(environment)
      : await kubeconfigEndpoint(choice, environment);
  return clusterAt(endpoint, ports);
}

export function clusterAt(endpoint: Endpoint, { timers, userAgent }: Omit<ClusterPorts, 'environment'>): Cluster {
  const requests = new Requests({ endpoint, timers, userAgent, timeoutMs: ANSWER_MS });
  const object = async (request: ApiRequest): Promise<KubernetesObject> =>
    (await requests.ask(request)).body as KubernetesObject;
  const apply: Cluster['apply'] = (type, given, options = {}) => {
    const { isForced = false, subresource } = options;
    const query = writeQuery(options, { ...(isForced && { force: 'true' }) });
    const path = `${objectPath(type, given.metadata, subresource)}?${query}`;
    return object({ method: 'PATCH', path, body: given, contentType: 'application/apply-patch+yaml' });
  };
  return {
    server: endpoint.url.href.replace(/\/$/, ''),
    context: endpoint.context,
    namespace: endpoint.namespace,
    ask: (request) => requests.ask(request),
    get: (type, name) => orNone(object({ method: 'GET', path: objectPath(type, name) })),
    list: (type, options = {}) => listed(requests, type, options),
    watch: (type, options) => watched(requests, type, options),
    apply,
    applyStatus: (type, given, options) => apply(type, given, { ...options, subresource: 'status' }),
    create: (type, given, options = {}) => {
      const path = `${collectionPath(type, given.metadata.namespace)}?${writeQuery(options)}`;
      return object({ method: 'POST', path, body: given });
    },
    replace: (type, given, options = {}) => {
      const path = `${objectPath(type, given.metadata, options.subresource)}?${writeQuery(options)}`;
      return object({ method: 'PUT', path, body: given });
    },
    patch: (type, name, patch, options = {}) => {
      const path = `${objectPath(type, name, options.subresource)}?${writeQuery(options)}`;
      return object({ method: 'PATCH', path, body: patch, contentType: 'application/merge-patch+json' });
    },
    async delete(type, name, { uid } = {}) {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        ...(uid !== undefined && { preconditions: { uid } }),
      };
      const deleted = await orNone(object({ method: 'DELETE', path: objectPath(type, name), body }));
      return deleted !== undefined;
    },
    close: () => requests.close(),
  };
}

/** @throws KubernetesFault (rejects with it); what is there of the list until then is never returned */
async function listed(requests: Requests, type: ResourceType, options: ListOptions): Promise<Listed> {
  const { namespace, limit = CHUNK, isMetadataOnly = false } = options;
  const objects: KubernetesObject[] = [];
  for (let next = ''; ;) {
    const query = selectionQuery(options, { limit: String(limit), ...(next !== '' && { continue: next }) });
    const path = `${collectionPath(type, namespace)}?${query}`;
    const { body } = await requests.ask({ method: 'GET', path, ...(isMetadataOnly && { accept: AS_METADATA_LIST }) });
    const { items: given, kind, metadata } = Object(body) as { items?: unknown; kind?: unknown; metadata?: unknown };
    // Of metadata alone, an empty list has none.
    const items = given === null && String(kind).endsWith('List') ? [] : given;
    const { resourceVersion, continue: more = '' } = Object(metadata) as Readonly<Record<string, string | undefined>>;
    // Whoever takes something else for a list takes everything for deleted.
    if (!Array.isArray(items) || resourceVersion === undefined || resourceVersion === '') {
      throw new KubernetesFault(`GET ${collectionPath(type, namespace)}: the answer is no list`, {});
    }
    // Objects in a list have neither kind nor version of their own.
    const own = { apiVersion: apiVersionOf(type), kind: type.kind };
    for (const item of items as readonly KubernetesObject[]) objects.push({ ...item, ...own });
    if (more === '') return { objects, resourceVersion };
    next = more;
  }
}

async function* watched(requests: Requests, type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent> {
  const { namespace, resourceVersion, timeoutSeconds, isMetadataOnly = false, signal } = options;
  const query = selectionQuery(options, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(timeoutSeconds),
  });
  const path = `${collectionPath(type, namespace)}?${query}`;
  const request = { method: 'GET' as const, path, ...(isMetadataOnly && { accept: AS_METADATA }) };
  const own = { apiVersion: apiVersionOf(type), kind: type.kind };
  try {
    for await (const line of textLines(await requests.stream(request, signal))) {
      if (line === '') continue;
      const { type: event, object } = JSON.parse(line) as { type: string; object: KubernetesObject };
      if (event === 'ERROR') {
        const { code } = Object(object) as { code?: unknown };
        throw faultOfStatus(`watch ${collectionPath(type, namespace)}`, Number(code) || 0, object);
      }
      if (event !== 'ADDED' && event !== 'MODIFIED' && event !== 'DELETED' && event !== 'BOOKMARK') continue;
      yield { type: event, object: { ...object, ...own } };
    }
  } catch (error) {
    throw requests.broken({ method: 'GET', path }, error, signal);
  }
}

function selectionQuery({ labelSelector, fieldSelector }: Selection, more: Record<string, string>): string {
  const selectors = {
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
  return new URLSearchParams({ ...selectors, ...more }).toString();
}

function writeQuery({ fieldManager, isDryRun }: WriteOptions, more: Record<string, string> = {}): string {
  const query = { fieldManager: fieldManager ?? FIELD_MANAGER, ...(isDryRun === true && { dryRun: 'All' }), ...more };
  return new URLSearchParams(query).toString();
}

async function orNone(asked: Promise<KubernetesObject>): Promise<KubernetesObject | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof KubernetesFault && error.status === 404 && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
