import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { JoinRequestSchema, JoinResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import { RpcError } from '../../src/grpc/rpc.ts';
import type { Call, Method } from '../../src/grpc/rpc.ts';
import { CallFault } from '../../src/sync/connection.ts';
import type { ControlConnection, FollowStream } from '../../src/sync/connection.ts';
import { PushQueue } from '../../src/sync/push-queue.ts';

/** What happens to messages on their way. */
export interface Network {
  /** What the sidecar gets in place of a message, such as twice the same; default: the message. */
  readonly down?: (message: Uint8Array) => readonly Uint8Array[];
  readonly up?: (message: Uint8Array) => readonly Uint8Array[];
  /** Told of each stream: what cuts it. */
  readonly opened?: (cut: () => void) => void;
}

/** Calls a control plane's methods without a network between. */
export function directConnection(methods: () => readonly Method[], network: Network = {}): ControlConnection {
  const { down = (message) => [message], up = (message) => [message] } = network;
  const callOf = (authorization: string, signal: AbortSignal): Call => ({ deadline: Infinity, signal, authorization });
  return {
    async join(token, node, version) {
      const method = methods().find(({ path }) => path.endsWith('/Join'));
      if (method?.kind !== 'unary') throw new CallFault(14, 'nobody listens');
      const request = toBinary(JoinRequestSchema, create(JoinRequestSchema, { node, version }));
      const call = callOf(`Bearer ${token}`, new AbortController().signal);
      const answer = await Promise.resolve(method.handle(request, call)).catch(toFault);
      const { credential, node: knownAs, scope } = fromBinary(JoinResponseSchema, answer);
      return {
        node: knownAs,
        credential,
        scope: { namespaces: scope?.namespaces ?? [], apis: scope?.apis ?? [], labels: scope?.labels ?? {} },
      };
    },
    follow(credential): FollowStream {
      const method = methods().find(({ path }) => path.endsWith('/Follow'));
      if (method?.kind !== 'bidirectional') throw new CallFault(14, 'nobody listens');
      const requests = new PushQueue<Uint8Array>();
      const abort = new AbortController();
      const answers = method.handle(requests, callOf(`Bearer ${credential}`, abort.signal))[Symbol.asyncIterator]();
      const gone = Promise.withResolvers<never>();
      gone.promise.catch(() => {});
      const cut = (): void => {
        abort.abort();
        requests.fail(new CallFault(1, 'cut'));
        gone.reject(new CallFault(14, 'cut'));
        void answers.return?.();
      };
      network.opened?.(cut);
      async function* messages(): AsyncGenerator<Uint8Array> {
        for (;;) {
          const next = await Promise.race([answers.next().catch(toFault), gone.promise]);
          if (next.done === true) return;
          yield* down(next.value);
        }
      }
      return {
        send(message) {
          for (const each of up(message)) requests.push(each);
        },
        messages: messages(),
        end: () => requests.end(),
        cancel: cut,
      };
    },
    report(credential) {
      const method = methods().find(({ path }) => path.endsWith('/ReportSlots'));
      if (method?.kind !== 'bidirectional') throw new CallFault(14, 'nobody listens');
      return (requests, signal) => method.handle(requests, callOf(`Bearer ${credential}`, signal));
    },
    close() {},
  };
}

function toFault(error: unknown): never {
  if (error instanceof RpcError) throw new CallFault(error.code, error.message);
  throw error;
}
