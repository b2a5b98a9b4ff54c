import { seconds } from './ext-authz.ts';
import type { Endpoint } from './ext-authz.ts';
import { transportSocket } from './upstream-tls.ts';
import type { UpstreamTls } from './upstream-tls.ts';

/** A replica that drains reports it for `--drain-delay`: Envoy must check within that time. */
const HEALTH_CHECK = {
  grpc_health_check: { service_name: 'envoy.service.auth.v3.Authorization' },
  timeout: seconds(500),
  interval: seconds(1000),
  no_traffic_interval: seconds(5000),
  healthy_threshold: 1,
  unhealthy_threshold: 1,
};

/**
 * Envoy's cluster for ostiary (`envoy.config.cluster.v3.Cluster`), with HTTP/2.
 * @param ostiary several: its replicas, over which Envoy balances; a name may stand for several addresses, too
 */
export function ostiaryCluster(name: string, ostiary: Endpoint | readonly Endpoint[], tls?: UpstreamTls): object {
  const endpoints = 'kind' in ostiary ? [ostiary] : ostiary;
  const isNamed = endpoints.some((each) => each.kind === 'tcp' && !isAddress(each.host));
  return {
    name,
    type: isNamed ? 'STRICT_DNS' : 'STATIC',
    connect_timeout: seconds(100),
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: seconds(10_000), timeout: seconds(2000) } },
        },
      },
    },
    outlier_detection: {
      consecutive_gateway_failure: 3,
      interval: seconds(1000),
      base_ejection_time: seconds(2000),
      max_ejection_percent: 50,
    },
    ...(endpoints.some(({ kind }) => kind === 'tcp') ? { health_checks: [HEALTH_CHECK] } : {}),
    ...(tls === undefined ? {} : { transport_socket: transportSocket(tls) }),
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: endpoints.map((each) => ({ endpoint: { address: addressOf(each) } })) }],
    },
  };
}

function addressOf(endpoint: Endpoint): object {
  if (endpoint.kind === 'unix') return { pipe: { path: endpoint.path } };
  return { socket_address: { address: endpoint.host, port_value: endpoint.port } };
}

/** An IP address needs no resolver. */
function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}
