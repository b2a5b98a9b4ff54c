/** Where Envoy reaches ostiary. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** The path of a Unix socket that both can open. */
  | { readonly kind: 'unix'; readonly path: string };

/** The settings of Envoy's side that an operator may choose; all others are fixed, since other values are unsafe. */
export interface ExtAuthzOptions {
  /** Envoy's name of the cluster that leads to ostiary. */
  readonly cluster: string;
  /** How long Envoy waits for one Check, in milliseconds. */
  readonly timeoutMs: number;
  /** Repeated headers and bytes that are not UTF-8 then arrive as they were sent. */
  readonly rawHeaders: boolean;
  /** Envoy sends bodies up to this size, and answers 413 to larger ones. Absent or 0: it sends none. */
  readonly requestBodyBytes?: number | undefined;
}

/** Whole, and as bytes: a part of a body, or text in which Envoy has replaced bytes, is not what the upstream reads. */
function requestBody(bytes: number): object {
  if (bytes === 0) return {};
  return { with_request_body: { max_request_bytes: bytes, allow_partial_message: false, pack_as_bytes: true } };
}

/** A second try goes to another replica where there is one. */
const PREVIOUS_HOSTS = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  },
};

/**
 * Envoy's HTTP filter that asks ostiary about every request
 * (`envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`).
 */
export function extAuthzFilter(options: ExtAuthzOptions): object {
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
      transport_api_version: 'V3',
      grpc_service: {
        envoy_grpc: { cluster_name: options.cluster },
        timeout: seconds(options.timeoutMs),
        retry_policy: {
          retry_on: 'connect-failure,refused-stream,unavailable',
          num_retries: 1,
          retry_host_predicate: [PREVIOUS_HOSTS],
          host_selection_retry_max_attempts: 3,
        },
      },
      failure_mode_allow: false,
      status_on_error: { code: 'ServiceUnavailable' },
      encode_raw_headers: options.rawHeaders,
      ...requestBody(options.requestBodyBytes ?? 0),
    },
  };
}

/** The name of a route's or virtual host's own settings for the filter. */
export const PER_ROUTE_NAME = 'envoy.filters.http.ext_authz';

/** Tells ostiary the API of one route's requests, independent of host and path. */
export function perRouteApi(api: string): object {
  return perRouteExtensions({ 'ostiary.api': api });
}

/** The values that ostiary gets with the requests of a route, under its own names. */
export function perRouteExtensions(extensions: Readonly<Record<string, string>>): object {
  return {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
    check_settings: { context_extensions: extensions },
  };
}

/** A protobuf Duration in its JSON form. */
export function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
