import { ostiaryCluster } from './cluster.ts';
import { type Endpoint, extAuthzFilter, perRouteApi, perRouteName, type ExtAuthzOptions } from './ext-authz.ts';

/** Which proxies of Istio ask ostiary. */
export type Placement =
  /** The sidecars of pods with these labels; none: of the whole namespace. */
  | { readonly kind: 'sidecar'; readonly labels: Readonly<Record<string, string>> }
  /** The gateways with these labels. */
  | { readonly kind: 'gateway'; readonly labels: Readonly<Record<string, string>> }
  /** The waypoint that a `Gateway` resource of this name stands for. */
  | { readonly kind: 'waypoint'; readonly gateway: string };

/** Says for which API the requests of some routes are, whatever their host and path. */
export interface ApiOfRoute {
  readonly api: string;
  /**
   * The name of a route (VirtualService, HTTPRoute); for sidecars the port of the container.
   * Undefined: every route of the proxies.
   */
  readonly route: string | undefined;
}

export interface EnvoyFilterOptions extends Omit<ExtAuthzOptions, 'cluster'> {
  readonly name: string;
  readonly namespace: string;
  readonly ostiary: Endpoint;
  readonly placement: Placement;
  readonly apis: readonly ApiOfRoute[];
}

const contexts = { sidecar: 'SIDECAR_INBOUND', gateway: 'GATEWAY', waypoint: 'WAYPOINT' } as const;

const connectionManager = 'envoy.filters.network.http_connection_manager';
const router = 'envoy.filters.http.router';

/** Istio's `EnvoyFilter` (`networking.istio.io/v1alpha3`) that makes proxies ask ostiary. */
export function envoyFilter(options: EnvoyFilterOptions): object {
  const { name, namespace, ostiary, placement, apis, ...rest } = options;
  const cluster = `${name}-${namespace}`;
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name, namespace },
    spec: {
      ...selection(placement),
      configPatches: [
        {
          applyTo: 'CLUSTER',
          match: matchAll(placement),
          patch: { operation: 'ADD', value: ostiaryCluster(cluster, ostiary) },
        },
        {
          applyTo: 'HTTP_FILTER',
          match: matchRouterFilter(placement),
          patch: { operation: 'INSERT_BEFORE', value: extAuthzFilter({ cluster, ...rest }) },
        },
        ...apis.map((each) => routePatch(placement, each)),
      ],
    },
  };
}

function selection(placement: Placement): object {
  if (placement.kind === 'waypoint') {
    return { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: placement.gateway }] };
  }
  const { labels } = placement;
  return Object.keys(labels).length === 0 ? {} : { workloadSelector: { labels } };
}

/** The context alone; for waypoints the API server wants a `waypoint` beside it. */
function matchAll({ kind }: Placement): object {
  return { context: contexts[kind], ...(kind === 'waypoint' ? { waypoint: {} } : {}) };
}

function matchRouterFilter({ kind }: Placement): object {
  const filter = { name: connectionManager, subFilter: { name: router } };
  const where = kind === 'waypoint' ? { waypoint: { filter } } : { listener: { filterChain: { filter } } };
  return { context: contexts[kind], ...where };
}

function routePatch(placement: Placement, { api, route }: ApiOfRoute): object {
  const { kind } = placement;
  const patch = { operation: 'MERGE', value: { typed_per_filter_config: { [perRouteName]: perRouteApi(api) } } };
  if (kind === 'sidecar') {
    // Istio names the virtual hosts of a sidecar's own ports so.
    const vhost = route === undefined ? {} : { routeConfiguration: { vhost: { name: `inbound|http|${route}` } } };
    return { applyTo: 'VIRTUAL_HOST', match: { context: contexts[kind], ...vhost }, patch };
  }
  const named = route === undefined ? {} : { name: route };
  const match =
    kind === 'waypoint' ? { waypoint: { route: named } } : { routeConfiguration: { vhost: { route: named } } };
  return { applyTo: 'HTTP_ROUTE', match: { context: contexts[kind], ...match }, patch };
}
