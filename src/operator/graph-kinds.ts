import { GraphNode_Kind as Kind } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Dimension } from '../rollup/slot.ts';

/** A kind of edge: requests that have both values. */
export interface EdgeKind {
  readonly from: NodeKind;
  readonly to: NodeKind;
  /** A request without the first value has an edge too: its caller is unknown. */
  readonly isFromAnyone?: true;
}

export interface NodeKind {
  readonly kind: Kind;
  readonly dimension: Dimension;
  /** Of ids. */
  readonly prefix: string;
}

const CLIENT: NodeKind = { kind: Kind.CLIENT, dimension: 'client', prefix: 'client' };
const API: NodeKind = { kind: Kind.API, dimension: 'api', prefix: 'api' };
const SERVICE: NodeKind = { kind: Kind.SERVICE, dimension: 'service', prefix: 'service' };
const WORKLOAD: NodeKind = { kind: Kind.WORKLOAD, dimension: 'source', prefix: 'workload' };

export const NODE_KINDS: readonly NodeKind[] = [CLIENT, API, SERVICE, WORKLOAD];

export const CLIENT_TO_API: EdgeKind = { from: CLIENT, to: API, isFromAnyone: true };
export const EDGE_KINDS: readonly EdgeKind[] = [
  CLIENT_TO_API,
  { from: API, to: SERVICE },
  { from: WORKLOAD, to: API },
  { from: WORKLOAD, to: SERVICE },
];

export function idOf({ prefix }: NodeKind, name: string): string {
  return `${prefix}:${name}`;
}

/** @returns undefined: no node has such an id */
export function nodeOf(id: string): { readonly of: NodeKind; readonly name: string } | undefined {
  const of = NODE_KINDS.find(({ prefix }) => id.startsWith(`${prefix}:`));
  return of && { of, name: id.slice(of.prefix.length + 1) };
}

/** Istio's names of clusters: direction, port, subset, host. */
const ISTIO = /^outbound\|\d*\|[^|]*\|(?<host>[^|]+)$/;
const WITHIN = /(?:^|\.)svc(?:\.|$)|^[^.]+$/;

/** Whether a service is not of the mesh, as Istio names the cluster of Envoy. */
export function isElsewhere(service: string): boolean {
  if (service === 'PassthroughCluster') return true;
  const host = ISTIO.exec(service)?.groups?.['host'];
  return host !== undefined && !WITHIN.test(host);
}
