import { create, toBinary } from '@bufbuild/protobuf';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { AccessLogType, HTTPAccessLogEntrySchema } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';

export interface Told {
  readonly metadata?: JsonObject;
  readonly type?: AccessLogType;
  readonly status?: number;
  readonly details?: string;
  readonly hasUpstream?: boolean;
  readonly common?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A serialised `HTTPAccessLogEntry`. */
export function entry({ metadata, type = AccessLogType.DownstreamEnd, status = 200, ...rest }: Told): Uint8Array {
  const { details = 'via_upstream', hasUpstream = true, common = {}, headers = {} } = rest;
  const init = {
    commonProperties: {
      accessLogType: type,
      ...(hasUpstream && { upstreamRemoteAddress: {} }),
      ...(metadata && { metadata: { filterMetadata: { 'envoy.filters.http.ext_authz': metadata } } }),
      duration: { seconds: 1n, nanos: 500_000_000 },
      ...common,
    },
    request: { requestMethod: 1, requestHeadersBytes: 100n, requestBodyBytes: 20n, requestHeaders: headers },
    response: {
      responseCode: status,
      responseCodeDetails: details,
      responseHeadersBytes: 30n,
      responseBodyBytes: 4n,
    },
  };
  const message = create(HTTPAccessLogEntrySchema, init as MessageInitShape<typeof HTTPAccessLogEntrySchema>);
  return toBinary(HTTPAccessLogEntrySchema, message);
}

/** A field of bytes shorter than 2 MiB. */
export function block(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length = [(body.length & 0x7f) | 0x80, ((body.length >> 7) & 0x7f) | 0x80, body.length >> 14];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

/** A serialised `StreamAccessLogsMessage`. */
export const httpMessage = (...entries: readonly Uint8Array[]): Buffer =>
  block(0x12, ...entries.map((each) => block(0x0a, each)));
