import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { WorkloadAuthority } from '../real/workload-certificates.ts';

interface Manager {
  route_config: object;
}

interface Bootstrap {
  node?: object;
  static_resources: {
    listeners: { name: string; filter_chains: { filters: { typed_config: Manager }[] }[] }[];
    clusters: object[];
  };
}

export interface EventEnvoyOptions {
  readonly ostiaryPort: number;
  readonly port: number;
  readonly grpcPort: number;
  /** Absent: there is no listener `mtls`. */
  readonly authority?: WorkloadAuthority | undefined;
}

/**
 * What `ostiary generate bootstrap --access-log` prints, with routes of many kinds. Listeners: `in`; `forwarded`, which
 * believes the XFCC of callers; `mtls`, whose callers present certificates; `tcp`, which is no HTTP, and `guarded`, where
 * ostiary is asked about connections.
 */
export function eventEnvoy({ ostiaryPort, port, grpcPort, authority }: EventEnvoyOptions): object {
  const names = ['in', 'forwarded', ...(authority === undefined ? [] : ['mtls'])];
  const listeners = names.map((name) => {
    return { name, host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
  });
  const made = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port: ostiaryPort },
    timeoutMs: 5000,
    accessLog: true,
    listeners,
    upstream: { host: '127.0.0.1', port },
  }) as Bootstrap;
  made.node = { id: 'sidecar~orders-7d9f', cluster: 'shop' };
  const { listeners: all, clusters } = made.static_resources;
  for (const { name, filter_chains: chains } of all) {
    const manager = chains[0]!.filters[0]!.typed_config;
    manager.route_config = { validate_clusters: false, virtual_hosts: [{ name: 'in', domains: ['*'], routes }] };
    if (name === 'forwarded') Object.assign(manager, { forward_client_cert_details: 'ALWAYS_FORWARD_ONLY' });
    if (name === 'mtls') Object.assign(chains[0]!, { transport_socket: mutualTls(authority!) });
  }
  clusters.push(grpcCluster(grpcPort));
  all.push(tcpListener('tcp', []) as never, tcpListener('guarded', [NETWORK_EXT_AUTHZ]) as never);
  return JSON.parse(
    JSON.stringify(made).replaceAll('"buffer_flush_interval":"1s"', '"buffer_flush_interval":"0.1s"'),
  ) as object;
}

const ROUTE = { cluster: 'upstream' };
const DISABLED = {
  'envoy.filters.http.ext_authz': {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
    disabled: true,
  },
};
const below = (prefix: string) => ({ path_separated_prefix: prefix });
const routes = [
  { match: below('/unchecked'), route: ROUTE, typed_per_filter_config: DISABLED },
  { match: below('/orders/late'), route: { ...ROUTE, timeout: '0.2s' } },
  { match: below('/orders/again'), route: { ...ROUTE, retry_policy: { retry_on: '5xx', num_retries: 1 } } },
  { match: below('/moved'), route: { ...ROUTE, prefix_rewrite: '/v2' } },
  { match: below('/gone'), route: { cluster: 'nowhere' } },
  { match: below('/shop.Orders'), route: { cluster: 'grpc' } },
  ...['/orders', '/closed', '/tried', '/answered', '/nobodys'].map((prefix) => ({
    match: below(prefix),
    route: ROUTE,
  })),
];

function cluster(name: string, port: number): object {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}

function grpcCluster(port: number): object {
  return {
    ...cluster('grpc', port),
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
}

const NETWORK_EXT_AUTHZ = {
  name: 'envoy.filters.network.ext_authz',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.ext_authz.v3.ExtAuthz',
    stat_prefix: 'guarded',
    transport_api_version: 'V3',
    grpc_service: { envoy_grpc: { cluster_name: 'ostiary' } },
  },
};

function tcpListener(name: string, filters: readonly object[]): object {
  const common_config = {
    log_name: 'ostiary',
    transport_api_version: 'V3',
    grpc_service: { envoy_grpc: { cluster_name: 'ostiary' } },
    buffer_flush_interval: '1s',
  };
  const access_log = [
    {
      name: 'envoy.access_loggers.tcp_grpc',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig',
        common_config,
      },
    },
  ];
  const proxy = {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
      stat_prefix: 'tcp',
      cluster: 'upstream',
      access_log,
    },
  };
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [{ filters: [...filters, proxy] }],
  };
}

function mutualTls(authority: WorkloadAuthority): object {
  const own = authority.certify('URI:spiffe://shop.example/ns/shop/sa/orders');
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      common_tls_context: {
        tls_certificates: [{ certificate_chain: { filename: own.certFile }, private_key: { filename: own.keyFile } }],
        validation_context: { trusted_ca: { filename: authority.caFile } },
      },
    },
  };
}
