import { Code, RpcError } from '../../grpc/rpc.ts';
import type { ListenOptions, Method } from '../../grpc/rpc.ts';
import type { RequestHead } from '../request-head.ts';
import { EncodingUnknown } from './answers.ts';
import type { MessageLimits } from './message-reader.ts';
import { parseTimeoutMs } from './timeout.ts';

const LONGEST_QUOTED = 120;

/** How requests with a certain head are handled: determined once for all requests with the same head. */
export type Plan = CallPlan | RefusedPlan | PlainPlan;

export interface CallPlan extends CallSettings {
  readonly kind: 'call';
  readonly method: Method;
  /** Infinity if the caller set none. */
  readonly timeoutMs: number;
  readonly isGzip: boolean;
  readonly contentLength: number;
  readonly trace: RequestHead['trace'];
  readonly authorization: string;
}

/** A gRPC call that ends before it begins. */
export interface RefusedPlan {
  readonly kind: 'refused';
  readonly error: RpcError;
}

/** Not gRPC: a status of HTTP and a sentence. */
export interface PlainPlan {
  readonly kind: 'plain';
  readonly status: string;
  readonly text: string;
  readonly allow: string | undefined;
  readonly withBody: boolean;
}

/** What is the same for all calls of a listener. */
export interface CallSettings extends MessageLimits {
  readonly streamWindowBytes: number;
  readonly gzip: boolean;
  readonly onFailure: ListenOptions['onFailure'];
}

export function planFor(head: RequestHead, methods: ReadonlyMap<string, Method>, settings: CallSettings): Plan {
  if (head.isTooLarge) return plain(head, '431', 'The request has more metadata than this server takes.\n');
  // gRPC over HTTP/2, "Requests": with 415, other clients don't misinterpret the answer.
  if (!isGrpc(head.contentType)) {
    return plain(head, '415', 'This is a gRPC server: send content-type application/grpc.\n');
  }
  if (head.method !== 'POST') return plain(head, '405', 'gRPC calls are POST requests.\n', 'POST');
  const method = methods.get(head.path);
  if (method === undefined) return refused(Code.unimplemented, `unknown method ${quoted(head.path)}`);
  const timeoutMs = parseTimeoutMs(head.grpcTimeout);
  if (Number.isNaN(timeoutMs)) return refused(Code.internal, 'malformed grpc-timeout');
  const encoding = head.grpcEncoding;
  if (encoding !== '' && encoding !== 'identity' && !(settings.gzip && encoding === 'gzip')) {
    return { kind: 'refused', error: new EncodingUnknown(quoted(encoding), settings.gzip) };
  }
  return {
    kind: 'call',
    method,
    timeoutMs,
    isGzip: encoding === 'gzip',
    contentLength: head.contentLength,
    trace: head.trace,
    authorization: head.authorization,
    ...settings,
  };
}

/** One octet of HPACK may stand for a long text, so the answer quotes only a part. */
function quoted(text: string): string {
  const short = text.length > LONGEST_QUOTED ? `${text.slice(0, LONGEST_QUOTED)}...` : text;
  return short.replace(/[^ -~]/g, '?');
}

/** With or without `+proto` and parameters; `application/grpc-web` is another protocol, `+json` another encoding. */
export function isGrpc(contentType: string): boolean {
  return /^application\/grpc(?:\+proto)?(?:[ \t]*;.*)?$/i.test(contentType);
}

function plain(head: RequestHead, status: string, text: string, allow?: string): PlainPlan {
  return { kind: 'plain', status, text, allow, withBody: head.method !== 'HEAD' };
}

function refused(code: Code, message: string): RefusedPlan {
  return { kind: 'refused', error: new RpcError(code, message) };
}
