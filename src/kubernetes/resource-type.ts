import type { ObjectName } from './object.ts';

/** A type of objects as the API serves it. */
export interface ResourceType {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  /** Its name in paths, such as `services`. */
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
}

function typed(apiVersion: string, plural: string, kind: string, isNamespaced = true): ResourceType {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  return { group, version, plural, kind, isNamespaced };
}

/** Types that every cluster has. Of others ask {@link typesOf}. */
export const NAMESPACES = typed('v1', 'namespaces', 'Namespace', false);
export const SERVICES = typed('v1', 'services', 'Service');
export const SECRETS = typed('v1', 'secrets', 'Secret');
export const EVENTS = typed('events.k8s.io/v1', 'events', 'Event');
export const LEASES = typed('coordination.k8s.io/v1', 'leases', 'Lease');

export function apiVersionOf({ group, version }: Pick<ResourceType, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Such as `services`, or `httproutes.gateway.networking.k8s.io`: what people and RBAC call it. */
export function typeText({ group, plural }: ResourceType): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Where lists of the type are. @param namespace absent: of all namespaces */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const space = namespace === undefined || !type.isNamespaced ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${space}/${type.plural}`;
}

/** Where one object is. @throws TypeError: its namespace is missing */
export function objectPath(type: ResourceType, { namespace, name }: ObjectName, subresource?: string): string {
  if (type.isNamespaced && namespace === undefined) throw new TypeError(`${type.kind} ${name} is of no namespace`);
  const path = `${collectionPath(type, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
