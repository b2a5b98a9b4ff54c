import type { ListenAddress } from '../../src/listen/address.ts';

export interface UpstreamTls {
  readonly authority: string;
  readonly client?: { readonly certificate: string; readonly key: string };
}

const TYPE = 'type.googleapis.com/envoy.extensions';

/** An Envoy that asks the given server by ext_authz, and by health checks where told, and answers `passed` itself. */
export function askingEnvoy(address: ListenAddress, tls?: UpstreamTls, healthChecks = false): object {
  const authorization = {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      '@type': `${TYPE}.filters.http.ext_authz.v3.ExtAuthz`,
      transport_api_version: 'V3',
      grpc_service: { envoy_grpc: { cluster_name: 'authorization' }, timeout: '2s' },
      status_on_error: { code: 503 },
    },
  };
  const file = (filename: string): object => ({ filename });
  const tlsContext =
    tls === undefined
      ? undefined
      : {
          '@type': `${TYPE}.transport_sockets.tls.v3.UpstreamTlsContext`,
          sni: 'localhost',
          common_tls_context: {
            alpn_protocols: ['h2'],
            validation_context: { trusted_ca: file(tls.authority) },
            ...(tls.client && {
              tls_certificates: [
                { certificate_chain: file(tls.client.certificate), private_key: file(tls.client.key) },
              ],
            }),
          },
        };
  const endpoint =
    address.kind === 'unix'
      ? { pipe: { path: address.path } }
      : { socket_address: { address: address.host, port_value: address.port } };
  const health = {
    timeout: '1s',
    interval: '0.2s',
    no_traffic_interval: '0.2s',
    unhealthy_threshold: 1,
    healthy_threshold: 1,
    grpc_health_check: {},
  };
  const http2 = { explicit_http_config: { http2_protocol_options: {} } };
  const cluster = {
    name: 'authorization',
    type: 'STATIC',
    typed_extension_protocol_options: {
      [`envoy.extensions.upstreams.http.v3.HttpProtocolOptions`]: {
        '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
        ...http2,
      },
    },
    load_assignment: {
      cluster_name: 'authorization',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: endpoint } }] }],
    },
    ...(tlsContext && { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tlsContext } }),
    ...(healthChecks && { health_checks: [health] }),
  };
  return { static_resources: { listeners: [listenerWith([authorization])], clusters: [cluster] } };
}

/** The same without ext_authz. */
export function silentEnvoy(): object {
  return { static_resources: { listeners: [listenerWith([])] } };
}

function listenerWith(filters: readonly object[]): object {
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` },
  };
  const routes = [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'passed' } } }];
  const connectionManager = {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'in',
    route_config: { virtual_hosts: [{ name: 'any', domains: ['*'], routes }] },
    http_filters: [...filters, router],
  };
  return {
    name: 'in',
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [
      { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: connectionManager }] },
    ],
  };
}
