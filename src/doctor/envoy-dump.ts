import { isOf, messagesBelow, partOf, partsOf, textOf } from '../generate/envoy-value.ts';
import type { Part, Path } from '../generate/envoy-value.ts';
import { placeIn } from './resource.ts';
import type { Resource } from './resource.ts';
import type { Place } from './finding.ts';

/** What an Envoy has in force, or is to start with. */
export interface EnvoyDump {
  /** Such as its file, or the URL of its administration. */
  readonly name: string;
  readonly resource: Resource;
  /** As in `/server_info`; empty: unknown. In Istio `sidecar~…`, `router~…` or `waypoint~…`. */
  readonly nodeId: string;
}

/** A connection manager, and its listener. */
export interface Manager {
  readonly part: Part;
  readonly listener: string;
  readonly direction: string;
}

export function isEnvoyConfiguration({ kind, root }: Resource): boolean {
  if (kind !== '') return false;
  const { value } = root;
  return 'static_resources' in value || 'staticResources' in value || 'configs' in value || isListeners(root);
}

function isListeners(root: Part): boolean {
  return partsOf(root, 'resources').some((each) => isOf(each, 'Listener'));
}

export function placeInEnvoy({ resource, name }: EnvoyDump, path: Path): Place {
  return { ...placeIn(resource, path), object: name };
}

/** The node that a dump or a bootstrap names. */
export function nodeIdOf({ root }: Resource): string {
  for (const part of messagesBelow(root, (each) => !isOf(each, 'ListenersConfigDump'))) {
    const node = partOf(part, 'node');
    if (node !== undefined && textOf(node, 'id') !== '') return textOf(node, 'id');
  }
  return '';
}

const NOT_IN_FORCE: ReadonlySet<unknown> = new Set(['warming_state', 'draining_state', 'error_state']);

/** What is in force: a dump has the bootstrap beside what came of it, and listeners that end or are not there yet. */
export function inForce({ resource: { root } }: EnvoyDump): Generator<Part> {
  return messagesBelow(root, (each) => !isOf(each, 'BootstrapConfigDump') && !NOT_IN_FORCE.has(each.path.at(-1)));
}

/** The connection managers of requests that come from outside. */
export function managersOf(envoy: EnvoyDump): readonly Manager[] {
  const { nodeId } = envoy;
  const all = [...inForce(envoy)].filter((each) => partsOf(each, 'filter_chains').length > 0);
  const managers = all.flatMap((listener) =>
    [...messagesBelow(listener)]
      .filter((each) => isOf(each, 'HttpConnectionManager'))
      .map((part) => ({
        part,
        listener: textOf(listener, 'name') || textOf(part, 'stat_prefix'),
        direction: textOf(listener, 'traffic_direction'),
      })),
  );
  return managers.filter(({ direction }) => isOfCallers(nodeId, direction));
}

/** Istio's gateways and waypoints have OUTBOUND for what callers send, and none for its own pages. */
function isOfCallers(nodeId: string, direction: string): boolean {
  if (nodeId.startsWith('sidecar~') || nodeId.startsWith('waypoint~')) return direction === 'INBOUND';
  if (nodeId.startsWith('router~')) return direction === 'OUTBOUND';
  return direction !== 'OUTBOUND';
}

/** The filters of a connection manager that ask. */
export function askingFilters(manager: Part): readonly Part[] {
  return partsOf(manager, 'http_filters').flatMap((filter) => {
    const config = partOf(filter, 'typed_config');
    return config !== undefined && isOf(config, 'ExtAuthz') && filter.value['disabled'] !== true ? [config] : [];
  });
}
