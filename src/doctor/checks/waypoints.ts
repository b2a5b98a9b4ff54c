import { shellWord } from '../../commented-lines.ts';
import { partOf, textOf } from '../../generate/envoy-value.ts';
import { askingIn } from '../asking.ts';
import type { Asking } from '../asking.ts';
import { finding } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { labelsOf, nameOf, placeIn, specOf } from '../resource.ts';
import type { Resource } from '../resource.ts';
import { findResource, ofKind } from '../world.ts';
import type { World } from '../world.ts';

/** A waypoint takes no EnvoyFilter, and of an AuthorizationPolicy only what names it or a Service. */
export function* waypointChecks(world: World): Generator<Finding> {
  for (const asking of askingIn(world)) {
    if (asking.way === 'EnvoyFilter') yield* filterOfWaypoint(world, asking);
    if (asking.way === 'AuthorizationPolicy') yield* selectorInAmbient(world, asking);
  }
}

function isWaypoint(gateway: Resource): boolean {
  return textOf(specOf(gateway), 'gatewayClassName') === 'istio-waypoint';
}

function* filterOfWaypoint(
  world: World,
  { resource, targets, labels = {}, selectionPath }: Asking,
): Generator<Finding> {
  const named = new Set([
    ...targets.map((each) => textOf(each, 'name')),
    labels['gateway.networking.k8s.io/gateway-name'] ?? '',
  ]);
  const waypoint = ofKind(world, 'Gateway').find(
    (each) => each.namespace === resource.namespace && named.has(each.name) && isWaypoint(each),
  );
  if (waypoint !== undefined) yield ignored(resource, selectionPath, waypoint.name, 'takes no EnvoyFilter');
}

function* selectorInAmbient(world: World, { resource, labels, targets, selectionPath }: Asking): Generator<Finding> {
  if (targets.length > 0 || labels === undefined) return;
  const { namespace } = resource;
  const space = findResource(world, 'Namespace', '', namespace);
  const waypoint = space && labelsOf(space)['istio.io/use-waypoint'];
  const isAmbient = space !== undefined && labelsOf(space)['istio.io/dataplane-mode'] === 'ambient';
  if (!isAmbient && waypoint === undefined) return;
  const own = ofKind(world, 'Gateway').find((each) => each.namespace === namespace && isWaypoint(each));
  const reads =
    partOf(specOf(resource), 'selector') === undefined ? 'takes no policy without a target' : 'ignores selectors';
  yield ignored(resource, selectionPath, waypoint ?? own?.name ?? 'waypoint', reads);
}

function ignored(resource: Resource, path: Asking['selectionPath'], waypoint: string, why: string): Finding {
  const message = `the waypoint ${JSON.stringify(waypoint)} ${why}, so nothing asks there because of ${nameOf(resource)}`;
  const remedy = `ostiary generate extension-provider --namespace ${resource.namespace} --target ${shellWord(`Gateway/${waypoint}`)} | kubectl apply -f -`;
  return finding('OST203', placeIn(resource, path), message, remedy);
}
