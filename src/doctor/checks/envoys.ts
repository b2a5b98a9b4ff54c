import { fieldOf, isOf, messagesBelow, numberOf, partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { destinationOf } from '../../generate/logger-remarks.ts';
import { millisecondsOf } from '../duration.ts';
import { askingFilters, inForce, managersOf, placeInEnvoy } from '../envoy-dump.ts';
import type { EnvoyDump, Manager } from '../envoy-dump.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import type { World } from '../world.ts';
import { storeTimeoutMs } from './attachment.ts';
import { destinationsOf, filterChecks, loggerChecks, routeChecks, USUAL_TIMEOUT_MS } from './filters.ts';

/** Of Envoys by what they have in force, or start with. */
export function* envoyChecks(world: World): Generator<Finding> {
  for (const envoy of world.envoys) yield* oneEnvoy(envoy, storeTimeoutMs(world));
}

function* oneEnvoy(envoy: EnvoyDump, storeMs: number): Generator<Finding> {
  const placeOf = (part: Part, field?: string): Place =>
    placeInEnvoy(envoy, field === undefined ? part.path : fieldOf(part, field).path);
  const managers = managersOf(envoy);
  const filters = managers.flatMap(({ part }) => askingFilters(part));
  if (managers.length === 0) return;
  const generate = 'ostiary generate bootstrap --ostiary HOST:9191  # prints a listener that asks';
  for (const { part, listener } of managers) {
    const asking = askingFilters(part);
    if (asking.length === 0) {
      const others = filters.length === 0 ? '' : ', while another listener of this Envoy does';
      const message = `the listener ${JSON.stringify(listener)} has no ext_authz filter in force, so its requests pass without a decision${others}`;
      yield finding('OST202', placeOf(part, 'http_filters'), message, generate);
      continue;
    }
    const destinations = asking.map((each) => destinationOf(partOf(each, 'grpc_service')));
    if (new Set(destinations).size < destinations.length) {
      const message = `the listener ${JSON.stringify(listener)} asks ${JSON.stringify(destinations.at(-1))} twice about each request: quota is charged twice`;
      yield finding('OST210', placeOf(asking.at(-1) ?? part), message, 'keep one of the filters');
    }
    for (const config of asking) {
      yield* filterChecks(config, placeOf, storeMs);
      yield* longerThanRoutes(config, part, placeOf);
    }
  }
  yield* clusterChecks(envoy, filters, placeOf);
  for (const { part } of managers) {
    if (askingFilters(part).length === 0) continue;
    yield* routeChecks(part, placeOf);
    yield* loggerChecks(part, destinationsOf(askingFilters(part)), placeOf);
  }
  yield* dynamicRoutes(envoy, managers, placeOf);
}

/** Route configurations of a dump that listeners name. */
function* dynamicRoutes(
  envoy: EnvoyDump,
  managers: readonly Manager[],
  placeOf: (part: Part, field?: string) => Place,
): Generator<Finding> {
  const named = new Set(
    managers.map(({ part }) => textOf(partOf(part, 'rds'), 'route_config_name')).filter((name) => name !== ''),
  );
  for (const part of inForce(envoy)) {
    if (isOf(part, 'RouteConfiguration') && named.has(textOf(part, 'name'))) yield* routeChecks(part, placeOf);
  }
}

function* longerThanRoutes(config: Part, manager: Part, placeOf: (part: Part, field?: string) => Place) {
  const grpc = partOf(config, 'grpc_service');
  if (grpc === undefined) return;
  const waits = millisecondsOf(fieldOf(grpc, 'timeout').value) ?? USUAL_TIMEOUT_MS;
  const tries = 1 + (numberOf(partOf(grpc, 'retry_policy') ?? grpc, 'num_retries') ?? 0);
  for (const part of messagesBelow(manager)) {
    const route = partOf(part, 'route');
    const timeout = route && millisecondsOf(fieldOf(route, 'timeout').value);
    if (route === undefined || timeout === undefined || timeout === 0 || timeout > waits * tries) continue;
    const message = `requests of this route may take ${timeout} ms, and Envoy waits up to ${waits * tries} ms for ostiary alone (${waits} ms, ${tries} ${tries === 1 ? 'try' : 'tries'})`;
    yield finding('OST207', placeOf(route, 'timeout'), message, `timeout: ${(waits * tries + 1000) / 1000}s`);
  }
}

/** Whom filters ask is a cluster that Envoy has. Clusters of Istio come from elsewhere. */
function* clusterChecks(
  envoy: EnvoyDump,
  filters: readonly Part[],
  placeOf: (part: Part, field?: string) => Place,
): Generator<Finding> {
  const clusters = new Set<string>();
  for (const part of inForce(envoy)) {
    for (const cluster of partsOf(part, 'clusters')) clusters.add(textOf(cluster, 'name'));
    const dumped = partOf(part, 'cluster');
    if (dumped !== undefined) clusters.add(textOf(dumped, 'name'));
  }
  const isDynamic = partOf(envoy.resource.root, 'dynamic_resources') !== undefined;
  if (clusters.size === 0 || isDynamic) return;
  for (const config of filters) {
    const grpc = partOf(config, 'grpc_service');
    const envoyGrpc = grpc && partOf(grpc, 'envoy_grpc');
    const name = textOf(envoyGrpc, 'cluster_name');
    if (envoyGrpc === undefined || name === '' || clusters.has(name)) continue;
    const message = `asks the cluster ${JSON.stringify(name)}, which this Envoy does not have: every request is denied`;
    yield finding(
      'OST209',
      placeOf(envoyGrpc, 'cluster_name'),
      message,
      `cluster_name: one of ${[...clusters].join(', ')}`,
    );
  }
}
