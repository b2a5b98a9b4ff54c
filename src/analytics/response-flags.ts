/**
 * Envoy's short names, by the number of the field of `envoy.data.accesslog.v3.ResponseFlags`
 * (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage).
 */
const NAMES: readonly (readonly [number: number, name: string])[] = [
  [1, 'LH'], // failed_local_healthcheck
  [2, 'UH'], // no_healthy_upstream
  [3, 'UT'], // upstream_request_timeout
  [4, 'LR'], // local_reset
  [5, 'UR'], // upstream_remote_reset
  [6, 'UF'], // upstream_connection_failure
  [7, 'UC'], // upstream_connection_termination
  [8, 'UO'], // upstream_overflow
  [9, 'NR'], // no_route_found
  [10, 'DI'], // delay_injected
  [11, 'FI'], // fault_injected
  [12, 'RL'], // rate_limited
  [13, 'UAEX'], // unauthorized_details
  [14, 'RLSE'], // rate_limit_service_error
  [15, 'DC'], // downstream_connection_termination
  [16, 'URX'], // upstream_retry_limit_exceeded
  [17, 'SI'], // stream_idle_timeout
  [18, 'IH'], // invalid_envoy_request_headers
  [19, 'DPE'], // downstream_protocol_error
  [20, 'UMSDR'], // upstream_max_stream_duration_reached
  [21, 'RFCF'], // response_from_cache_filter
  [22, 'NFCF'], // no_filter_config_found
  [23, 'DT'], // duration_timeout
  [24, 'UPE'], // upstream_protocol_error
  [25, 'NC'], // no_cluster_found
  [26, 'OM'], // overload_manager
  [27, 'DF'], // dns_resolution_failure
  [28, 'DR'], // downstream_remote_reset
];

const NONE: readonly string[] = [];

/** @param flags bit N is field N */
export function flagNames(flags: number): readonly string[] {
  if (flags === 0) return NONE;
  return NAMES.filter(([number]) => (flags & (1 << number)) !== 0).map(([, name]) => name);
}
