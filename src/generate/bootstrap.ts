import { accessLogger } from './access-logger.ts';
import { ostiaryCluster } from './cluster.ts';
import { extAuthzFilter, perRouteApi, PER_ROUTE_NAME } from './ext-authz.ts';
import type { Endpoint, ExtAuthzOptions } from './ext-authz.ts';
import type { UpstreamTls } from './upstream-tls.ts';

/** A whole Envoy without Istio or Kubernetes: one listener, one upstream, ostiary between them. */
export interface BootstrapOptions {
  /** Several: its replicas. */
  readonly ostiary: Endpoint | readonly Endpoint[];
  /** How Envoy reaches it; absent: without TLS. */
  readonly tls?: UpstreamTls | undefined;
  readonly timeoutMs: number;
  /** Whether Envoy streams its access log to ostiary. */
  readonly accessLog?: boolean;
  readonly listeners: readonly ListenerOptions[];
  readonly upstream: { readonly host: string; readonly port: number };
}

export interface ListenerOptions extends Pick<ExtAuthzOptions, 'rawHeaders' | 'requestBodyBytes'> {
  readonly name: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether Envoy normalises host and path before anything else: {@link ONE_SPELLING}. */
  readonly normalizePath: boolean;
  /** The API of every request of this listener; undefined: ostiary finds it by host and path. */
  readonly api: string | undefined;
}

const CLUSTER_NAME = 'ostiary';

/** Envoy's static configuration (`envoy.config.bootstrap.v3.Bootstrap`), without an `admin`. */
export function bootstrap(options: BootstrapOptions): object {
  return {
    static_resources: {
      listeners: options.listeners.map((listener) => ({
        name: listener.name,
        address: { socket_address: { address: listener.host, port_value: listener.port } },
        filter_chains: [{ filters: [connectionManager(listener, options)] }],
      })),
      clusters: [ostiaryCluster(CLUSTER_NAME, options.ostiary, options.tls), upstreamCluster(options.upstream)],
    },
  };
}

/**
 * Settings on which Envoy and ostiary must agree, since Envoy chooses a route by host and path, and ostiary an API.
 * Ostiary compares what arrives: without ports and final dots, both see the same host. It refuses `%2f`, and paths that
 * lead to different APIs as sent and as resolved.
 */
const ONE_SPELLING = {
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: 'REJECT_REQUEST',
  strip_any_host_port: true,
  strip_trailing_host_dot: true,
};

/** One JSON object per request, with ostiary's decision on allow and on deny. */
const ACCESS_LOG = {
  name: 'envoy.access_loggers.stdout',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
    log_format: {
      json_format: {
        method: '%REQ(:METHOD)%',
        path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
        status: '%RESPONSE_CODE%',
        flags: '%RESPONSE_FLAGS%',
        details: '%RESPONSE_CODE_DETAILS%',
        request_id: '%REQ(X-REQUEST-ID)%',
        ostiary: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz)%',
      },
    },
  },
};

function connectionManager(
  listener: ListenerOptions,
  { timeoutMs, accessLog = false }: Pick<BootstrapOptions, 'timeoutMs' | 'accessLog'>,
): object {
  const { rawHeaders, requestBodyBytes } = listener;
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: listener.name,
      ...(listener.normalizePath ? ONE_SPELLING : { normalize_path: false, merge_slashes: false }),
      use_remote_address: true,
      access_log: accessLog ? [ACCESS_LOG, accessLogger(CLUSTER_NAME)] : [ACCESS_LOG],
      http_filters: [
        extAuthzFilter({ cluster: CLUSTER_NAME, timeoutMs, rawHeaders, requestBodyBytes }),
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
      route_config: { virtual_hosts: [virtualHost(listener)] },
    },
  };
}

function virtualHost({ name, api }: ListenerOptions): object {
  return {
    name,
    domains: ['*'],
    routes: [{ match: { prefix: '/' }, route: { cluster: 'upstream' } }],
    ...(api === undefined ? {} : { typed_per_filter_config: { [PER_ROUTE_NAME]: perRouteApi(api) } }),
  };
}

function upstreamCluster({ host, port }: BootstrapOptions['upstream']): object {
  return {
    name: 'upstream',
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: 'upstream',
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] },
      ],
    },
  };
}
