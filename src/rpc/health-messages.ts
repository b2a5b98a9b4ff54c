/** The messages of `grpc.health.v1.Health`, apart from its service so that they are loaded at the first call. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthListResponseSchema,
} from '../../gen/health/v1/health_pb.js';
import type { HealthCheckResponse } from '../../gen/health/v1/health_pb.js';
import { Code, RpcError } from './rpc.ts';

/** The service that a Check or a Watch asks for. */
export function decodeService(request: Uint8Array): string {
  try {
    return fromBinary(HealthCheckRequestSchema, request).service;
  } catch {
    throw new RpcError(Code.invalidArgument, 'not a grpc.health.v1.HealthCheckRequest');
  }
}

/** @param serving undefined: the service is unknown */
export function encodeStatus(serving: boolean | undefined): Uint8Array {
  return toBinary(HealthCheckResponseSchema, response(serving));
}

export function encodeList(services: ReadonlyMap<string, boolean>): Uint8Array {
  const list = create(HealthListResponseSchema);
  for (const [service, serving] of services) list.statuses[service] = response(serving);
  return toBinary(HealthListResponseSchema, list);
}

function response(serving: boolean | undefined): HealthCheckResponse {
  const known = serving ? Status.SERVING : Status.NOT_SERVING;
  return create(HealthCheckResponseSchema, { status: serving === undefined ? Status.SERVICE_UNKNOWN : known });
}
