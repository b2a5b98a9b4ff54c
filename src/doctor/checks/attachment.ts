import { shellWord } from '../../commented-lines.ts';
import { fieldOf, messagesBelow, numberOf, partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { askedWorkloads, askingIn, patchedValue, patchesOf, providersIn } from '../asking.ts';
import type { Asking } from '../asking.ts';
import { millisecondsOf } from '../duration.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { nameOf, placeIn, specOf } from '../resource.ts';
import type { Resource } from '../resource.ts';
import { flagOf, ostiaryContainersOf, templateOf, workloadsOf } from '../workload.ts';
import { ofKind } from '../world.ts';
import type { World } from '../world.ts';
import { destinationsOf, filterChecks, loggerChecks, routeChecks, USUAL_TIMEOUT_MS } from './filters.ts';

/** Of `ostiary serve`. */
const STORE_TIMEOUT_MS = 50;

/** How long the ostiary that is collected waits for its counters at most. */
export function storeTimeoutMs(world: World): number {
  const all = [...workloadsOf(world), ...world.resources.flatMap((each) => templateOf(each) ?? [])];
  const set = all.flatMap((workload) =>
    ostiaryContainersOf(workload).map((each) => millisecondsOf(flagOf(each, 'store-timeout')) ?? STORE_TIMEOUT_MS),
  );
  return set.length === 0 ? STORE_TIMEOUT_MS : Math.max(...set);
}

/** How Istio, Envoy Gateway and the Gateway API are told to ask. */
export function* attachmentChecks(world: World): Generator<Finding> {
  const asking = askingIn(world);
  const storeMs = storeTimeoutMs(world);
  for (const each of asking) {
    const { resource, way, filters } = each;
    const placeOf = (part: Part, field?: string): Place =>
      placeIn(resource, field === undefined ? part.path : fieldOf(part, field).path);
    for (const { patch, config } of filters) {
      yield* anchorOf(resource, patch);
      yield* filterChecks(config, placeOf, storeMs);
    }
    if (way === 'SecurityPolicy') yield* securityPolicy(resource);
    if (way === 'EnvoyFilter') {
      const asked = destinationsOf(filters.map(({ config }) => config));
      for (const patch of patchesOf(resource)) {
        const value = patchedValue(patch);
        if (value !== undefined) yield* loggerChecks(value, asked, placeOf);
      }
    }
  }
  for (const resource of ofKind(world, 'EnvoyFilter')) {
    yield* routeChecks(specOf(resource), (part, field) =>
      placeIn(resource, field === undefined ? part.path : fieldOf(part, field).path),
    );
  }
  yield* providerChecks(world, asking);
  yield* twice(world, asking);
  yield* shorterRoutes(world, asking);
}

const MANAGER = 'envoy.filters.network.http_connection_manager';
const ROUTER = 'envoy.filters.http.router';

/** A patch whose anchor is not there has no effect, and Istio does not tell. */
function* anchorOf(resource: Resource, patch: Part): Generator<Finding> {
  const inner = partOf(patch, 'patch');
  const operation = textOf(inner, 'operation');
  const match = partOf(patch, 'match') ?? { value: {}, path: [...patch.path, 'match'] };
  const listener = partOf(match, 'listener');
  const chain = listener && partOf(listener, 'filterChain');
  const filter = chain && partOf(chain, 'filter');
  const subFilter = filter && partOf(filter, 'subFilter');
  const remedy = 'ostiary generate envoyfilter  # prints the patch: INSERT_BEFORE envoy.filters.http.router';
  const lost = (path: Part['path'], message: string): Finding =>
    finding('OST201', placeIn(resource, path), `${message}: requests pass without a decision`, remedy);
  const manager = textOf(filter, 'name');
  const anchor = textOf(subFilter, 'name');
  if (operation !== 'INSERT_BEFORE' && operation !== 'INSERT_FIRST') {
    const path = inner === undefined ? patch.path : fieldOf(inner, 'operation').path;
    yield lost(path, `${JSON.stringify(operation)} does not put the filter before the router, behind which none runs`);
  } else if (filter !== undefined && manager !== '' && manager !== MANAGER) {
    yield lost(
      fieldOf(filter, 'name').path,
      `no proxy has a network filter ${JSON.stringify(manager)} (it is ${MANAGER})`,
    );
  } else if (operation === 'INSERT_BEFORE' && subFilter !== undefined && anchor !== '' && anchor !== ROUTER) {
    const why = anchor === 'envoy.router' ? `it is ${ROUTER} now` : 'only the router is in every chain';
    yield lost(fieldOf(subFilter, 'name').path, `the anchor ${JSON.stringify(anchor)} may not be there (${why})`);
  }
  const proxy = partOf(match, 'proxy');
  if (proxy !== undefined && textOf(proxy, 'proxyVersion') !== '') {
    const version = fieldOf(proxy, 'proxyVersion');
    yield lost(
      version.path,
      `is for proxies of version ${JSON.stringify(version.value)} alone, and has no effect after an upgrade`,
    );
  }
}

function* securityPolicy(resource: Resource): Generator<Finding> {
  const asks = partOf(specOf(resource), 'extAuth');
  if (asks === undefined || fieldOf(asks, 'failOpen').value !== true) return;
  const message = 'failOpen is true: while ostiary does not answer, every request passes';
  yield finding(
    'OST204',
    placeIn(resource, [...asks.path, 'failOpen']),
    message,
    `kubectl -n ${resource.namespace} patch securitypolicy ${resource.name} --type merge -p '{"spec":{"extAuth":{"failOpen":false}}}'`,
  );
}

function* providerChecks(world: World, asking: readonly Asking[]): Generator<Finding> {
  const providers = providersIn(world);
  if (providers === undefined) return;
  const custom = asking.filter(({ way }) => way === 'AuthorizationPolicy');
  for (const { resource } of custom) {
    const provider = partOf(specOf(resource), 'provider');
    const name = textOf(provider, 'name');
    if (provider === undefined || providers.some((each) => each.name === name && (each.grpc ?? each.http))) continue;
    const known = providers.flatMap((each) => ((each.grpc ?? each.http) ? [each.name] : []));
    const message = `names the provider ${JSON.stringify(name)}, which the mesh configuration does not have (${known.join(', ') || 'it has none that is asked'}): Istio then denies every request, or asks nobody`;
    const remedy = `ostiary generate mesh-config --provider ${shellWord(name)}  # prints the entry of extensionProviders`;
    yield finding('OST208', placeIn(resource, [...provider.path, 'name']), message, remedy);
  }
  for (const { name, resource, path, grpc, http, isInText } of providers) {
    const settings = grpc ?? http;
    if (settings === undefined) continue;
    const at = (field: string): Place => placeIn(resource, isInText ? path : fieldOf(settings, field).path);
    if (fieldOf(settings, 'failOpen').value === true) {
      const message = `the provider ${JSON.stringify(name)} has failOpen: while ostiary does not answer, every request passes`;
      yield finding('OST204', at('failOpen'), message, 'failOpen: false');
    }
    const timeoutMs = millisecondsOf(fieldOf(settings, 'timeout').value);
    const storeMs = storeTimeoutMs(world);
    if (timeoutMs !== undefined && timeoutMs <= storeMs) {
      const message = `the provider ${JSON.stringify(name)} waits ${timeoutMs} ms for ostiary, which waits up to ${storeMs} ms for its counters alone`;
      yield finding('OST206', at('timeout'), message, `timeout: ${(storeMs + 200) / 1000}s`);
    }
    if (http !== undefined && /ostiary/.test(name + textOf(http, 'service'))) {
      const message = `the provider ${JSON.stringify(name)} asks over HTTP (envoyExtAuthzHttp), so how a request ends can not be told`;
      yield finding('OST211', at('service'), message, `ostiary generate mesh-config --provider ${shellWord(name)}`);
    }
  }
}

/** A workload whose Envoy asks by two objects. */
function* twice(world: World, asking: readonly Asking[]): Generator<Finding> {
  const first = new Map<Resource, Asking>();
  const told = new Set<Resource>();
  for (const each of asking) {
    for (const { resource: workload } of askedWorkloads(world, each)) {
      const other = first.get(workload);
      if (other === undefined) first.set(workload, each);
      else if (other.resource !== each.resource && !told.has(each.resource)) {
        told.add(each.resource);
        const message = `makes ${nameOf(workload)} ask, as ${nameOf(other.resource)} does: each request is decided twice, and quota charged twice`;
        const { kind, name, namespace } = each.resource;
        const remedy = `kubectl -n ${namespace} delete ${kind.toLowerCase()} ${name}  # or the other one`;
        yield finding('OST210', placeIn(each.resource), message, remedy);
      }
    }
  }
}

/** Routes of Kubernetes whose requests may take less time than the question. */
function* shorterRoutes(world: World, asking: readonly Asking[]): Generator<Finding> {
  const waits = asking.flatMap(({ filters }) =>
    filters.map(({ config }) => millisecondsOf(partOf(config, 'grpc_service')?.value['timeout']) ?? USUAL_TIMEOUT_MS),
  );
  const provided = (providersIn(world) ?? []).map(({ grpc }) => millisecondsOf(grpc?.value['timeout']) ?? 0);
  const longest = Math.max(0, ...waits, ...(asking.some(({ way }) => way === 'AuthorizationPolicy') ? provided : []));
  if (longest === 0) return;
  for (const route of ofKind(world, 'HTTPRoute', 'GRPCRoute', 'VirtualService')) {
    for (const part of messagesBelow(specOf(route))) {
      const { value, path } = timeoutOf(part);
      const timeout = millisecondsOf(value);
      if (timeout === undefined || timeout === 0 || timeout > longest) continue;
      const message = `its requests may take ${timeout} ms, and Envoy waits up to ${longest} ms for ostiary alone`;
      yield finding(
        'OST207',
        placeIn(route, path),
        message,
        `set ${String(path.at(-1))} to ${(longest + 1000) / 1000}s or more`,
      );
    }
  }
}

function timeoutOf(part: Part): { readonly value: unknown; readonly path: Part['path'] } {
  const timeouts = partOf(part, 'timeouts');
  if (timeouts !== undefined) return fieldOf(timeouts, 'request');
  const isRoute = partsOf(part, 'route').length > 0 || numberOf(part, 'weight') !== undefined;
  return isRoute ? fieldOf(part, 'timeout') : { value: undefined, path: part.path };
}
