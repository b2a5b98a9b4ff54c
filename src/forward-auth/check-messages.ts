import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HeaderValueOption_HeaderAppendAction as Action } from '../../gen/envoy/config/core/v3/base_pb.js';
import type { HeaderValueOption } from '../../gen/envoy/config/core/v3/base_pb.js';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { HeaderEntry } from '../request/header-entry.ts';
import type { ForwardedRequest } from './forwarded-request.ts';

/** The answer to a Check, in a form that HTTP can carry to a proxy. */
export type HttpAnswer = Allowed | Ended;

export interface Allowed {
  readonly isAllowed: true;
  /** Headers for the upstream. They replace headers of the same name that the caller sent. */
  readonly upstream: readonly HeaderEntry[];
  /** Headers for the caller. */
  readonly caller: readonly HeaderEntry[];
  /** Headers of the request that the upstream must not see. */
  readonly remove: readonly string[];
}

/** A denial, or a policy's own answer. */
export interface Ended {
  readonly isAllowed: false;
  readonly status: number;
  readonly caller: readonly HeaderEntry[];
  readonly body: string;
}

const NO_PORT = { case: 'portValue', value: 0 } as const;
const FORBIDDEN = 403;

/** Makes the request that Envoy would send, without a stream id: only Envoy repeats its questions. */
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

/** @param sent the headers of the request: a value that is to be appended is joined with the value here */
export function httpAnswerOf(bytes: Uint8Array, sent: ReadonlyMap<string, string>): HttpAnswer {
  const { status, httpResponse } = fromBinary(CheckResponseSchema, bytes);
  if (status?.code === 0) {
    const ok = httpResponse.case === 'okResponse' ? httpResponse.value : undefined;
    return {
      isAllowed: true,
      upstream: (ok?.headers ?? []).flatMap((option) => entryOf(option, sent)),
      caller: (ok?.responseHeadersToAdd ?? []).flatMap((option) => entryOf(option)),
      remove: (ok?.headersToRemove ?? []).map((name) => name.toLowerCase()),
    };
  }
  const denied = httpResponse.case === 'deniedResponse' ? httpResponse.value : undefined;
  return {
    isAllowed: false,
    status: denied?.status?.code ?? FORBIDDEN,
    caller: (denied?.headers ?? []).flatMap((option) => entryOf(option)),
    body: denied?.body ?? '',
  };
}

function entryOf(
  { header, append, appendAction }: HeaderValueOption,
  sent?: ReadonlyMap<string, string>,
): HeaderEntry[] {
  // This removes a header from an upstream's response, which no proxy can be asked to do over HTTP.
  if (header === undefined || appendAction === Action.OVERWRITE_IF_EXISTS) return [];
  const name = header.key.toLowerCase();
  const value = header.rawValue.length > 0 ? new TextDecoder().decode(header.rawValue) : header.value;
  const before = append === true ? sent?.get(name) : undefined;
  return [[name, before === undefined ? value : `${before},${value}`]];
}
