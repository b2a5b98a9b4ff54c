import { accessLogger } from './access-logger.ts';
import { ostiaryCluster } from './cluster.ts';
import { extAuthzFilter, perRouteExtensions, PER_ROUTE_NAME } from './ext-authz.ts';
import type { Endpoint, ExtAuthzOptions } from './ext-authz.ts';
import { targetRef } from './target.ts';
import type { Whose } from './target.ts';
import type { UpstreamTls } from './upstream-tls.ts';

/** Which proxies of Istio ask ostiary. A waypoint does not support EnvoyFilters: it uses an extension provider. */
export interface Placement {
  readonly kind: 'sidecar' | 'gateway';
  readonly whose: Whose;
}

/** Names the API of some routes' requests, independent of host and path. */
export interface ApiOfRoute {
  readonly api: string;
  /**
   * Gateways: the name that Istio gives the route, see `docs/install/deployment.md`; sidecars: the port of the
   * Service. Undefined: every route of the proxies that no other entry names.
   */
  readonly route: string | undefined;
}

export interface EnvoyFilterOptions extends Omit<ExtAuthzOptions, 'cluster'> {
  readonly name: string;
  readonly namespace: string;
  readonly ostiary: Endpoint;
  readonly tls: UpstreamTls | undefined;
  readonly placement: Placement;
  readonly apis: readonly ApiOfRoute[];
  /** Whether Envoy streams its access log to ostiary. */
  readonly accessLog?: boolean;
  /** True: an extension provider asks, and this only names the routes' APIs. */
  readonly routesOnly: boolean;
}

const CONTEXTS = { sidecar: 'SIDECAR_INBOUND', gateway: 'GATEWAY' } as const;

/** Later than EnvoyFilters without a priority (0), so that ostiary decides about the request after their changes. */
const PRIORITY = 100;

const CONNECTION_MANAGER = 'envoy.filters.network.http_connection_manager';
const ROUTER = 'envoy.filters.http.router';

/** Istio's `EnvoyFilter` (`networking.istio.io/v1alpha3`) that makes proxies ask ostiary. */
export function envoyFilter(options: EnvoyFilterOptions): object {
  const { name, namespace, ostiary, tls, placement, apis, routesOnly, accessLog = false, ...rest } = options;
  const cluster = `${name}-${namespace}`;
  const context = CONTEXTS[placement.kind];
  const subFilter = { name: ROUTER };
  const asking = [
    {
      applyTo: 'CLUSTER',
      match: { context },
      patch: { operation: 'ADD', value: ostiaryCluster(cluster, ostiary, tls) },
    },
    {
      applyTo: 'HTTP_FILTER',
      match: { context, listener: { filterChain: { filter: { name: CONNECTION_MANAGER, subFilter } } } },
      patch: { operation: 'INSERT_BEFORE', value: extAuthzFilter({ cluster, ...rest }) },
    },
  ];
  // Merging adds a logger to the list: those of the mesh stay.
  const logging = {
    applyTo: 'NETWORK_FILTER',
    match: { context, listener: { filterChain: { filter: { name: CONNECTION_MANAGER } } } },
    patch: {
      operation: 'MERGE',
      value: {
        name: CONNECTION_MANAGER,
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
          access_log: [accessLogger(cluster)],
        },
      },
    },
  };
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name, namespace },
    spec: {
      ...selection(placement.whose),
      priority: PRIORITY,
      configPatches: [
        ...(routesOnly ? [] : asking),
        ...(accessLog ? [logging] : []),
        ...apiPatches(placement.kind, apis),
      ],
    },
  };
}

function selection(whose: Whose): object {
  if (whose.by === 'target') return { targetRefs: [targetRef(whose.target)] };
  const { labels } = whose;
  return Object.keys(labels).length === 0 ? {} : { workloadSelector: { labels } };
}

/**
 * Envoy merges the settings of a whole route configuration with those of one route, and the latter win, in any order of
 * patches. Every Check lists the routes that should have a name, so that ostiary can report those that it never saw.
 */
function apiPatches(kind: Placement['kind'], apis: readonly ApiOfRoute[]): readonly object[] {
  const context = CONTEXTS[kind];
  const general = apis.findLast(({ route }) => route === undefined);
  const named = apis.filter(({ route }) => route !== undefined);
  const everywhere = {
    ...(general === undefined ? {} : { 'ostiary.api': general.api }),
    ...(named.length === 0 ? {} : { 'ostiary.routes': named.map(({ route }) => route).join(',') }),
  };
  if (Object.keys(everywhere).length === 0) return [];
  return [
    { applyTo: 'ROUTE_CONFIGURATION', match: { context }, patch: extensionsPatch(everywhere) },
    ...named.map(({ api, route = '' }) => {
      const patch = extensionsPatch({ 'ostiary.api': api, 'ostiary.route': route });
      if (kind === 'gateway') {
        const routeConfiguration = { vhost: { route: { name: route } } };
        return { applyTo: 'HTTP_ROUTE', match: { context, routeConfiguration }, patch };
      }
      // Istio names the virtual hosts of a sidecar's own ports so.
      const routeConfiguration = { vhost: { name: `inbound|http|${route}` } };
      return { applyTo: 'VIRTUAL_HOST', match: { context, routeConfiguration }, patch };
    }),
  ];
}

function extensionsPatch(extensions: Readonly<Record<string, string>>): object {
  return {
    operation: 'MERGE',
    value: { typed_per_filter_config: { [PER_ROUTE_NAME]: perRouteExtensions(extensions) } },
  };
}
