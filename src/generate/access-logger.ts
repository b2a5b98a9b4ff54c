import { seconds } from './ext-authz.ts';

/** Room for about 300 entries. Beyond it, Envoy drops entries while it can't send. Its default is 16 KiB. */
export const BUFFER_BYTES = 256 * 1024;

/** Headers that Envoy logs in addition: rare methods, the trace, the caller, and the status of gRPC calls. */
export const LOGGED = {
  requestHeaders: [':method', 'traceparent', 'b3', 'x-b3-traceid', 'x-forwarded-client-cert'],
  responseHeaders: ['grpc-status'],
  responseTrailers: ['grpc-status'],
};

/**
 * Envoy's access logger that streams to ostiary how requests have ended
 * (`envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig`).
 * @param cluster Envoy's name of the cluster that leads to ostiary
 */
export function accessLogger(cluster: string): object {
  return {
    name: 'envoy.access_loggers.http_grpc',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig',
      common_config: {
        log_name: 'ostiary',
        transport_api_version: 'V3',
        grpc_service: { envoy_grpc: { cluster_name: cluster } },
        buffer_flush_interval: seconds(1000),
        buffer_size_bytes: BUFFER_BYTES,
      },
      additional_request_headers_to_log: LOGGED.requestHeaders,
      additional_response_headers_to_log: LOGGED.responseHeaders,
      additional_response_trailers_to_log: LOGGED.responseTrailers,
    },
  };
}
