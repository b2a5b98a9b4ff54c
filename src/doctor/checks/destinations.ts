import { shellWord } from '../../commented-lines.ts';
import { messagesBelow, numberOf, partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Path } from '../../generate/envoy-value.ts';
import { askingIn, patchedValue, patchesOf, providersIn } from '../asking.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { placeIn, specOf } from '../resource.ts';
import type { Resource } from '../resource.ts';
import { findResource, isMissing, ofKind } from '../world.ts';
import type { World } from '../world.ts';

interface Address {
  readonly host: string;
  readonly port: number | undefined;
  readonly place: Place;
}

/** Whether there is a Service where Envoys are told to ask. */
export function* destinationChecks(world: World): Generator<Finding> {
  for (const { host, port, place } of addressesIn(world)) yield* nobodyThere(world, host, port, place);
  for (const { resource, way, filters } of askingIn(world)) {
    if (way !== 'EnvoyFilter') continue;
    const added = patchesOf(resource).filter((patch) => textOf(patch, 'applyTo') === 'CLUSTER');
    const clusters = new Set(added.map((patch) => textOf(patchedValue(patch), 'name')));
    for (const { config } of filters) {
      const grpc = partOf(config, 'grpc_service');
      const envoyGrpc = grpc && partOf(grpc, 'envoy_grpc');
      const name = textOf(envoyGrpc, 'cluster_name');
      // Others than Istio's own must come from somewhere.
      const isIstio = name.includes('|');
      if (envoyGrpc === undefined || isIstio || clusters.has(name) || isElsewhere(world, resource, name)) continue;
      const message = `asks the cluster ${JSON.stringify(name)}, which no patch of it adds: every request is denied`;
      const remedy = 'ostiary generate envoyfilter  # prints the patch with applyTo: CLUSTER';
      yield finding('OST209', placeIn(resource, [...envoyGrpc.path, 'cluster_name']), message, remedy);
    }
  }
}

function isElsewhere(world: World, resource: Resource, cluster: string): boolean {
  return ofKind(world, 'EnvoyFilter').some(
    (each) => each !== resource && patchesOf(each).some((patch) => textOf(patchedValue(patch), 'name') === cluster),
  );
}

function* addressesIn(world: World): Generator<Address> {
  for (const { resource, way } of askingIn(world)) {
    if (way === 'EnvoyFilter') {
      for (const patch of patchesOf(resource)) {
        const cluster = textOf(patch, 'applyTo') === 'CLUSTER' ? patchedValue(patch) : undefined;
        if (cluster === undefined) continue;
        for (const part of messagesBelow(cluster)) {
          const address = partOf(part, 'socket_address');
          if (address === undefined) continue;
          const place = placeIn(resource, [...address.path, 'address']);
          yield { host: textOf(address, 'address'), port: numberOf(address, 'port_value'), place };
        }
      }
    }
    if (way === 'SecurityPolicy') yield* backendsOf(resource, ['spec', 'extAuth', 'grpc']);
  }
  for (const { resource, path, grpc, isInText } of providersIn(world) ?? []) {
    if (grpc === undefined) continue;
    const place = placeIn(resource, isInText ? path : [...grpc.path, 'service']);
    yield { host: textOf(grpc, 'service'), port: numberOf(grpc, 'port'), place };
  }
  for (const route of ofKind(world, 'HTTPRoute', 'GRPCRoute')) {
    for (const part of messagesBelow(specOf(route))) {
      const external = partOf(part, 'externalAuth');
      const backend = external && partOf(external, 'backendRef');
      if (backend === undefined) continue;
      const host = `${textOf(backend, 'name')}.${textOf(backend, 'namespace') || route.namespace}`;
      yield { host, port: numberOf(backend, 'port'), place: placeIn(route, [...backend.path, 'name']) };
    }
  }
}

function* backendsOf(resource: Resource, below: Path): Generator<Address> {
  for (const part of messagesBelow(resource.root)) {
    if (part.path.join('.') !== below.join('.')) continue;
    const single = partOf(part, 'backendRef');
    for (const backend of single === undefined ? partsOf(part, 'backendRefs') : [single]) {
      const host = `${textOf(backend, 'name')}.${textOf(backend, 'namespace') || resource.namespace}`;
      yield { host, port: numberOf(backend, 'port'), place: placeIn(resource, [...backend.path, 'name']) };
    }
  }
}

/** `name.namespace`, with or without `.svc.cluster.local`; other hosts are none of the cluster's. */
function* nobodyThere(world: World, host: string, port: number | undefined, place: Place): Generator<Finding> {
  const [name = '', namespace = '', ...rest] = host.split('.');
  const isOfCluster = namespace !== '' && (rest.length === 0 || rest[0] === 'svc') && !/^[\d.]+$/.test(host);
  if (!isOfCluster) return;
  const remedy = `kubectl -n ${shellWord(namespace)} get services  # ostiary's, and give it by --ostiary or --service`;
  if (isMissing(world, 'Service', namespace, name)) {
    const message = `Envoy is to ask ${host}, and there is no Service ${namespace}/${name}: every request is denied`;
    yield finding('OST209', place, message, remedy);
    return;
  }
  const service = findResource(world, 'Service', namespace, name);
  if (service === undefined || port === undefined) return;
  const ports = partsOf(specOf(service), 'ports').map((each) => numberOf(each, 'port'));
  if (ports.includes(port)) return;
  const message = `Envoy is to ask ${host}:${port}, and the Service has ${ports.join(', ')}: every request is denied`;
  yield finding('OST209', place, message, remedy);
}
