import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { JoinRequestSchema, JoinResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { CallFault } from './connection.ts';
import type { ControlConnection, FollowStream } from './connection.ts';
import { PushQueue } from './push-queue.ts';
import { EVERYTHING } from './scope.ts';

/** Calls the methods of a control plane in this process, with no network between. */
export function directConnection(methods: readonly Method[]): ControlConnection {
  return {
    async join(token, node, version) {
      const method = methods.find(({ path }) => path.endsWith('/Join'));
      if (method?.kind !== 'unary') throw nobody();
      const request = toBinary(JoinRequestSchema, create(JoinRequestSchema, { node, version }));
      const answering = Promise.resolve(method.handle(request, callOf(token, new AbortController().signal)));
      const joined = fromBinary(JoinResponseSchema, await answering.catch(toFault));
      const { namespaces, apis, labels } = joined.scope ?? EVERYTHING;
      return { node: joined.node, credential: joined.credential, scope: { namespaces, apis, labels } };
    },
    follow(credential): FollowStream {
      const method = methods.find(({ path }) => path.endsWith('/Follow'));
      if (method?.kind !== 'bidirectional') throw nobody();
      const requests = new PushQueue<Uint8Array>();
      const abort = new AbortController();
      const answers = method.handle(requests, callOf(credential, abort.signal))[Symbol.asyncIterator]();
      const cancelled = Promise.withResolvers<never>();
      cancelled.promise.catch(() => {});
      async function* messages(): AsyncGenerator<Uint8Array> {
        for (;;) {
          const next = await Promise.race([answers.next().catch(toFault), cancelled.promise]);
          if (next.done === true) return;
          yield next.value;
        }
      }
      return {
        // What was sent may be changed by its sender afterwards.
        send: (message) => requests.push(Uint8Array.from(message)),
        messages: messages(),
        end: () => requests.end(),
        cancel() {
          const fault = new CallFault(Code.cancelled, 'cancelled');
          abort.abort();
          requests.fail(fault);
          cancelled.reject(fault);
          void answers.return?.();
        },
      };
    },
    report(credential) {
      const method = methods.find(({ path }) => path.endsWith('/ReportSlots'));
      if (method?.kind !== 'bidirectional') throw nobody();
      return (requests, signal) => method.handle(requests, callOf(credential, signal));
    },
    close() {},
  };
}

function callOf(secret: string | undefined, signal: AbortSignal): Call {
  return { deadline: Infinity, signal, authorization: secret === undefined ? undefined : `Bearer ${secret}` };
}

function nobody(): CallFault {
  return new CallFault(Code.unimplemented, 'the control plane of this process takes no sidecars');
}

function toFault(error: unknown): never {
  if (error instanceof RpcError) throw new CallFault(error.code, error.message);
  throw error;
}
