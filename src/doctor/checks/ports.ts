import { fieldOf, numberOf, partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { askedWorkloads, askingIn, isGuarded, patchesOf } from '../asking.ts';
import type { Asking } from '../asking.ts';
import { finding } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { nameOf, placeIn, specOf } from '../resource.ts';
import type { Resource } from '../resource.ts';
import { containersOf, servicesOf } from '../workload.ts';
import type { Workload } from '../workload.ts';
import { ofKind } from '../world.ts';
import type { World } from '../world.ts';

/** How Istio's proxies read HTTP, and what they take for opaque. */
const HTTP: ReadonlySet<string> = new Set([
  'http',
  'http2',
  'grpc',
  'grpc-web',
  'h2c',
  'ws',
  'kubernetes.io/h2c',
  'kubernetes.io/ws',
]);
const OPAQUE: ReadonlySet<string> = new Set([
  'tcp',
  'tls',
  'https',
  'mongo',
  'mysql',
  'redis',
  'udp',
  'kubernetes.io/wss',
  'wss',
]);

/** Ports of Services behind which Envoys ask by an HTTP filter, where nothing denies TCP. */
export function* portChecks(world: World): Generator<Finding> {
  const seen = new Set<Resource>();
  for (const asking of askingIn(world)) {
    if (asking.way === 'EnvoyFilter') yield* routePorts(world, asking);
    for (const workload of askedWorkloads(world, asking)) {
      const isOpen = asking.way === 'EnvoyFilter' && !isGuarded(world, workload);
      for (const service of servicesOf(world, workload)) {
        if (seen.has(service)) continue;
        seen.add(service);
        if (isOpen) yield* protocolsOf(service, asking);
        yield* targetPorts(service, workload);
      }
    }
  }
}

function* protocolsOf(service: Resource, asking: Asking): Generator<Finding> {
  for (const port of partsOf(specOf(service), 'ports')) {
    const [name, appProtocol] = [textOf(port, 'name'), textOf(port, 'appProtocol')];
    const number = numberOf(port, 'port') ?? 0;
    const patch = (value: string): string =>
      `kubectl -n ${service.namespace} patch service ${service.name} --type json -p '[{"op":"add","path":"/spec/ports/${String(port.path.at(-1))}/appProtocol","value":"${value}"}]'`;
    const why = `what Istio does not take for HTTP there passes ${nameOf(asking.resource)} unasked`;
    if (appProtocol === '' && name === '') {
      const message = `port ${number} has neither a name nor an appProtocol, so Istio guesses its protocol: ${why}`;
      yield finding('OST101', placeIn(service, [...port.path, 'name']), message, patch('http'));
      continue;
    }
    const protocol = appProtocol === '' ? protocolOf(name) : appProtocol.toLowerCase();
    const field = appProtocol === '' ? 'name' : 'appProtocol';
    if (protocol === undefined) {
      const message = `port ${number} is called ${JSON.stringify(name)}, which starts with no protocol, so Istio guesses it: ${why}`;
      yield finding('OST102', placeIn(service, [...port.path, field]), message, patch('http'));
    } else if (OPAQUE.has(protocol)) {
      const message = `port ${number} is ${protocol} by its ${field}, so no HTTP filter runs there: all of it passes ${nameOf(asking.resource)} unasked`;
      const remedy = `${patch('http')}\n# or deny its TCP: ostiary generate envoyfilter prints the AuthorizationPolicy`;
      yield finding('OST103', placeIn(service, [...port.path, field]), message, remedy);
    }
  }
}

/** @returns undefined: Istio knows none that the name starts with */
function protocolOf(name: string): string | undefined {
  const [first = ''] = name.toLowerCase().split('-');
  if (name.toLowerCase().startsWith('grpc-web')) return 'grpc-web';
  return HTTP.has(first) || OPAQUE.has(first) ? first : undefined;
}

function* targetPorts(service: Resource, workload: Workload): Generator<Finding> {
  const there = containersOf(workload).flatMap((each) => partsOf(each, 'ports'));
  const named = new Set(there.map((port) => textOf(port, 'name')));
  for (const port of partsOf(specOf(service), 'ports')) {
    const { value, path } = fieldOf(port, 'targetPort');
    if (typeof value !== 'string' || /^\d+$/.test(value) || named.has(value)) continue;
    const message = `leads to the port ${JSON.stringify(value)}, which no container of ${nameOf(workload.resource)} has`;
    const remedy = `kubectl -n ${service.namespace} edit service ${service.name}  # targetPort: a name in the containers' ports, or a number`;
    yield finding('OST107', placeIn(service, path), message, remedy);
  }
}

/** Sidecars name the routes of their own ports `inbound|http|PORT`, by the Service's port. */
function* routePorts(world: World, { resource }: Asking): Generator<Finding> {
  const services = ofKind(world, 'Service').filter(({ namespace }) => namespace === resource.namespace);
  if (services.length === 0 && !(world.isCluster && world.listed.has('Service'))) return;
  const ports = new Set(
    services.flatMap((each) => partsOf(specOf(each), 'ports').map((port) => numberOf(port, 'port'))),
  );
  for (const patch of patchesOf(resource)) {
    const vhost = vhostOf(patch);
    const [, port] = /^inbound\|http\|(\d+)$/.exec(textOf(vhost, 'name')) ?? [];
    if (vhost === undefined || port === undefined || ports.has(Number(port))) continue;
    const message = `names the API of the requests at port ${port}, and no Service of ${resource.namespace} has this port: they are decided by host and path alone`;
    const remedy = `ostiary generate envoyfilter --namespace ${resource.namespace} --route-api PORT=API …  # PORT is the Service's, not the container's`;
    yield finding('OST108', placeIn(resource, [...vhost.path, 'name']), message, remedy);
  }
}

function vhostOf(patch: Part): Part | undefined {
  const match = partOf(patch, 'match');
  const routes = match && partOf(match, 'routeConfiguration');
  return routes && partOf(routes, 'vhost');
}
