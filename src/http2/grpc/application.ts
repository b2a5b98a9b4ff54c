import type { ListenOptions } from '../../grpc/rpc.ts';
import type { Application } from '../application.ts';
import { HttpStream } from '../http/http-stream.ts';
import type { HttpHandler } from '../http/http-stream.ts';
import type { Limits } from '../limits.ts';
import type { RequestHead } from '../request-head.ts';
import type { Stream, StreamHost } from '../stream.ts';
import { GrpcAnswers, KEPT_FIELDS } from './answers.ts';
import { isGrpc, planFor } from './plan.ts';
import type { Plan } from './plan.ts';
import { PlainAnswer, RefusedCall } from './refusals.ts';
import { StreamingCall, withSingleRequest } from './streaming-call.ts';
import { UnaryCall } from './unary-call.ts';

/**
 * Serves gRPC methods on HTTP/2 connections.
 * @param http serves what is no gRPC; undefined: it is refused
 */
export function grpcApplication(
  options: Omit<ListenOptions, 'address' | 'tls'>,
  limits: Limits,
  http?: HttpHandler,
): Application {
  const { maxMessageBytes, onFailure } = options;
  const byPath = new Map(options.methods.map((method) => [method.path, method]));
  const { streamWindowBytes } = limits;
  const settings = {
    streamWindowBytes,
    maxMessageBytes,
    maxBufferedBytes: limits.maxBufferedRequestBytes,
    gzip: options.gzip ?? false,
    onFailure,
  };

  return {
    keptFields: KEPT_FIELDS,
    keepsAllFields: http !== undefined,
    accept(host: StreamHost) {
      const answers = new GrpcAnswers(host.sender);
      // A gateway's requests have the same head again and again, so its plan is made once.
      let last: { readonly head: RequestHead; readonly plan: Plan } | undefined;
      return (id: number, head: RequestHead): Stream => {
        if (http !== undefined && !head.isTooLarge && !isGrpc(head.contentType))
          return new HttpStream(host, id, head, http, limits);
        if (last?.head !== head) last = { head, plan: planFor(head, byPath, settings) };
        const { plan } = last;
        if (plan.kind === 'plain') return new PlainAnswer(host, id, plan, head.contentLength, streamWindowBytes);
        if (plan.kind === 'refused') return new RefusedCall(host, id, plan, answers, streamWindowBytes);
        const { method } = plan;
        if (method.kind === 'unary') return new UnaryCall(host, id, plan, answers, method.handle);
        const handle = method.kind === 'bidirectional' ? method.handle : withSingleRequest(method.handle);
        return new StreamingCall(host, id, plan, answers, handle);
      };
    },
  };
}
