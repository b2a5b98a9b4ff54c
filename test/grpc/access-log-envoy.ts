import type { ListenAddress } from '../../src/listen/address.ts';

const TYPE = 'type.googleapis.com/envoy.extensions';

/** An Envoy that answers `passed` itself and streams its access log to the given address, flushing all the time. */
export function loggingEnvoy(address: ListenAddress & { kind: 'tcp' }): object {
  const logger = {
    name: 'envoy.access_loggers.http_grpc',
    typed_config: {
      '@type': `${TYPE}.access_loggers.grpc.v3.HttpGrpcAccessLogConfig`,
      common_config: {
        log_name: 'front',
        transport_api_version: 'V3',
        grpc_service: { envoy_grpc: { cluster_name: 'log' } },
        buffer_flush_interval: '0.05s',
        buffer_size_bytes: 65_536,
      },
      additional_request_headers_to_log: ['x-long'],
    },
  };
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` },
  };
  const routes = [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'passed' } } }];
  const connectionManager = {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'in',
    access_log: [logger],
    route_config: { virtual_hosts: [{ name: 'any', domains: ['*'], routes }] },
    http_filters: [router],
  };
  const endpoint = { address: { socket_address: { address: address.host, port_value: address.port } } };
  const cluster = {
    name: 'log',
    type: 'STATIC',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: { cluster_name: 'log', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
  const listener = {
    name: 'in',
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [
      { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: connectionManager }] },
    ],
  };
  return {
    node: { id: 'front-1', cluster: 'fronts' },
    static_resources: { listeners: [listener], clusters: [cluster] },
  };
}
