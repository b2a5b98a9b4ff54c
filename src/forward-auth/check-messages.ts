import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { HeaderValueOption } from '../../gen/envoy/config/core/v3/base_pb.js';
import type { HeaderEntry } from '../request/header-entry.ts';
import type { ForwardedRequest } from './profiles.ts';

/** The answer to a Check, as a proxy can be told it over HTTP. */
export interface HttpAnswer {
  readonly isAllowed: boolean;
  /** 200 of an allow. */
  readonly status: number;
  /** For the upstream and for the caller: which of them a proxy passes on to whom is its configuration. */
  readonly headers: readonly HeaderEntry[];
  /** Headers of the request that the upstream must not see. */
  readonly remove: readonly string[];
  readonly body: string;
}

const NO_PORT = { case: 'portValue', value: 0 } as const;
const FORBIDDEN = 403;

/** The request as Envoy would tell it, without a stream id: no proxy but Envoy repeats its question. */
export function checkRequestOf(request: ForwardedRequest): Uint8Array {
  const { method, path, host, scheme, clientAddress, headers } = request;
  const pseudo = {
    ':authority': host,
    ':method': method,
    ':path': path,
    ...(scheme === '' ? {} : { ':scheme': scheme }),
  };
  const address = { case: 'socketAddress', value: { address: clientAddress, portSpecifier: NO_PORT } } as const;
  return toBinary(
    CheckRequestSchema,
    create(CheckRequestSchema, {
      attributes: {
        ...(clientAddress === '' ? {} : { source: { address: { address } } }),
        request: { http: { method, path, host, scheme, headers: { ...Object.fromEntries(headers), ...pseudo } } },
      },
    }),
  );
}

export function httpAnswerOf(bytes: Uint8Array): HttpAnswer {
  const { status, httpResponse } = fromBinary(CheckResponseSchema, bytes);
  if (status?.code === 0) {
    const ok = httpResponse.case === 'okResponse' ? httpResponse.value : undefined;
    const headers = [...(ok?.headers ?? []), ...(ok?.responseHeadersToAdd ?? [])].flatMap(entryOf);
    return { isAllowed: true, status: 200, headers, remove: ok?.headersToRemove ?? [], body: '' };
  }
  const denied = httpResponse.case === 'deniedResponse' ? httpResponse.value : undefined;
  return {
    isAllowed: false,
    status: denied?.status?.code ?? FORBIDDEN,
    headers: (denied?.headers ?? []).flatMap(entryOf),
    remove: [],
    body: denied?.body ?? '',
  };
}

function entryOf({ header }: HeaderValueOption): HeaderEntry[] {
  if (header === undefined) return [];
  const value = header.value === '' ? Buffer.from(header.rawValue).toString('latin1') : header.value;
  return [[header.key.toLowerCase(), value]];
}
