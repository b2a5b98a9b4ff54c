import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { MixedUpstream } from './mixed-upstream.ts';

/**
 * The listeners: `in` asks ostiary; so does `retrying`, to which it has two addresses, at one of which nothing is; `alone`
 * has the latter only.
 */
export const FRONTS = ['in', 'retrying', 'alone'] as const;
export type MixedFront = (typeof FRONTS)[number];

interface Filter {
  name: string;
  typed_config: { grpc_service: { envoy_grpc: { cluster_name: string } } };
}

interface Cluster {
  name: string;
  typed_extension_protocol_options?: object;
  health_checks?: object[];
  outlier_detection?: object;
  load_assignment: { cluster_name: string; endpoints: { lb_endpoints: object[] }[] };
}

interface Bootstrap {
  static_resources: {
    listeners: {
      filter_chains: {
        filters: { typed_config: { route_config: { virtual_hosts: object[] }; http_filters: Filter[] } }[];
      }[];
    }[];
    clusters: Cluster[];
  };
}

export interface MixedEnvoyOptions {
  /** Of ostiary. */
  readonly port: number;
  /** Nothing listens there. */
  readonly deadPort: number;
  readonly upstream: Pick<MixedUpstream, 'port' | 'grpcPort'>;
  /** Base paths that have a route. */
  readonly routed: readonly string[];
}

/** What `ostiary generate bootstrap --access-log` prints, with more routes and clusters. */
export function mixedEnvoy({ port, deadPort, upstream, routed }: MixedEnvoyOptions): object {
  const usual = { host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
  const generated = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port },
    timeoutMs: 10_000,
    accessLog: true,
    listeners: FRONTS.map((name) => ({ name, ...usual })),
    upstream: { host: '127.0.0.1', port: upstream.port },
  }) as Bootstrap;
  const { listeners, clusters } = generated.static_resources;
  const named = (name: string): Cluster => clusters.find((cluster) => cluster.name === name) as Cluster;
  const at = (from: Cluster, name: string, ports: readonly number[]): Cluster => ({
    ...from,
    name,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: ports.map(endpoint) }] },
  });
  const ostiary = named('ostiary');
  // Else Envoy would soon know which address is dead, and ask there no more.
  const { health_checks: _, outlier_detection: __, ...trusting } = ostiary;
  clusters.push(at(trusting, 'ostiary-twice', [deadPort, port]), at(trusting, 'ostiary-away', [deadPort]), {
    ...at(named('upstream'), 'upstream-grpc', [upstream.grpcPort]),
    ...(ostiary.typed_extension_protocol_options && {
      typed_extension_protocol_options: ostiary.typed_extension_protocol_options,
    }),
  });
  const clusterOf = { in: 'ostiary', retrying: 'ostiary-twice', alone: 'ostiary-away' };
  for (const [index, front] of FRONTS.entries()) {
    const manager = listeners[index]?.filter_chains[0]?.filters[0]?.typed_config;
    const filter = manager?.http_filters[0];
    if (manager === undefined || filter === undefined) throw new Error('the generated configuration is another one');
    filter.typed_config.grpc_service.envoy_grpc.cluster_name = clusterOf[front];
    manager.route_config.virtual_hosts = [{ name: 'in', domains: ['*'], routes: routes(routed) }];
  }
  return generated;
}

function routes(routed: readonly string[]): object[] {
  const below = (path_separated_prefix: string) => ({ path_separated_prefix });
  const route = { cluster: 'upstream' };
  const disabled = {
    'envoy.filters.http.ext_authz': {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
      disabled: true,
    },
  };
  return [
    { match: below('/unchecked'), route, typed_per_filter_config: disabled },
    { match: below('/orders/moved'), redirect: { path_redirect: '/elsewhere' } },
    { match: below('/orders/flaky'), route: { ...route, retry_policy: { retry_on: '5xx', num_retries: 3 } } },
    { match: below('/orders/hang/slow'), route: { ...route, timeout: '0.1s' } },
    { match: below('/shop.Rpc'), route: { cluster: 'upstream-grpc' } },
    ...routed.map((path) => ({ match: below(path), route })),
  ];
}

const endpoint = (port_value: number): object => ({
  endpoint: { address: { socket_address: { address: '127.0.0.1', port_value } } },
});
