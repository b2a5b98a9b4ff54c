import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { RefreshKeysRequestSchema, RefreshKeysResponseSchema } from '../../gen/ostiary/v1/inspection_pb.js';
import type { RefreshKeysResponse } from '../../gen/ostiary/v1/inspection_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';

/** The result of fetching a key set for an operator. */
export interface KeySetRefresh {
  /** The URL in the form that may be shown. */
  readonly url: string;
  readonly outcome: string;
  readonly detail: string;
  readonly keys: number;
  readonly withdrawn: number;
}

/**
 * Fetches the set of a URL now, or every set in use.
 * @returns sorted by URL; empty if no such set is in use
 */
export type RefreshKeys = (url: string | undefined) => Promise<readonly KeySetRefresh[]>;

export function refreshKeysMethod(refresh: RefreshKeys): Method {
  const answer = async (url: string): Promise<RefreshKeysResponse> => {
    if (url !== '' && !URL.canParse(url)) throw new RpcError(Code.invalidArgument, 'url: expected a URL, or nothing');
    const sets = await refresh(url === '' ? undefined : url);
    if (sets.length === 0 && url !== '') {
      throw new RpcError(Code.notFound, 'url: no policy in force names a key set at this URL; /readyz lists them');
    }
    return create(RefreshKeysResponseSchema, {
      sets: sets.map(({ url: shown, outcome, detail, keys, withdrawn }) => {
        return { url: shown, outcome, detail, keys, withdrawn };
      }),
    });
  };
  return {
    kind: 'unary',
    path: '/ostiary.v1.InspectionService/RefreshKeys',
    handle: async (bytes) =>
      toBinary(RefreshKeysResponseSchema, await answer(fromBinary(RefreshKeysRequestSchema, bytes).url)),
  };
}
