/** Serves gRPC, gRPC-Web and Connect with connect-node: the one module of the API that knows it. */
import type { ServerResponse } from 'node:http';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import { ConnectError, createConnectRouter, createContextKey, createContextValues } from '@connectrpc/connect';
import type { ConnectRouter, HandlerContext, MethodImpl } from '@connectrpc/connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { connectionOf } from './node-request.ts';
import type { NodeRequest, NodeResponse } from './node-request.ts';
import { RequestBodies } from './request-bodies.ts';
import { clientCertificateOf } from '../grpc/client-certificate.ts';
import { peerAddressOf } from '../grpc/peer-address.ts';
import type { AddressOf } from '../grpc/peer-address.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, CallerField, ListenOptions, Method } from '../grpc/rpc.ts';

export interface ConnectOptions {
  /** What the listener serves; a method that `methods` does not have is UNIMPLEMENTED. */
  readonly services: readonly DescService[];
  readonly methods: readonly Method[];
  /** Rejects with an RpcError if the caller may not call the method; asked before the message is read. */
  readonly allow: (path: string, call: Call) => Promise<void>;
  readonly maxMessageBytes: number;
  /** Octets of requests that are under way, of all connections; the default is enough for what operators ask. */
  readonly totalBodyBytes?: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Who calls; absent: the peer does. */
  readonly addressOf?: AddressOf;
  readonly onFailure?: ListenOptions['onFailure'];
}

const connectionKey = createContextKey<unknown>(undefined, { description: 'the connection that a call came on' });
const addressKey = createContextKey<string>('', { description: 'who has called' });
const headersKey = createContextKey<NodeRequest['headers']>({}, { description: 'the request as it came' });

/** @returns a handler of the requests it has a method for; false: it has none, and nothing was answered */
export function createConnectHandler(
  options: ConnectOptions,
): (request: NodeRequest, response: NodeResponse) => boolean {
  const router = createConnectRouter({
    // What an operator asks is short; what a few kilobytes unpack to is not.
    acceptCompression: [],
    readMaxBytes: options.maxMessageBytes,
    // A mistyped field in a hand-written request should not be passed over in silence.
    jsonOptions: { ignoreUnknownFields: false },
    requestGate: async (context) => {
      const path = `/${context.service.typeName}/${context.method.name}`;
      await options.allow(path, callOf(context, options.now)).catch(toConnectError(path, options.onFailure));
    },
  });
  const methods = new Map(options.methods.map((method) => [method.path, method]));
  for (const service of options.services) {
    for (const method of service.methods) {
      const found = methods.get(`/${service.typeName}/${method.name}`);
      if (found !== undefined) route(router, method, found, options);
    }
  }
  const bodies = new RequestBodies(options.totalBodyBytes);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const handler = handlers.get((request.url ?? '').split('?', 1)[0] ?? '');
    if (handler === undefined) return false;
    // What fails from here on is the connection: nobody is left to tell.
    const gone = (): void => void response.destroy();
    const connection = connectionOf(request);
    const address = (options.addressOf ?? peerAddressOf)(connection, request.headers['x-forwarded-for']);
    const values = createContextValues()
      .set(connectionKey, connection)
      .set(headersKey, request.headers)
      .set(addressKey, address);
    const asked = universalRequestFromNodeRequest(request, response as ServerResponse, undefined, values);
    const isWhole = handler.method.methodKind === 'unary' || handler.method.methodKind === 'server_streaming';
    const body = asked.body as AsyncIterable<Uint8Array>;
    handler({ ...asked, body: bodies.bound(body, connection, { request, response, isWhole }) })
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch(gone);
    return true;
  };
}

/** Registers a method of bytes for a method of messages. */
function route(
  router: ConnectRouter,
  description: DescMethod,
  method: Method,
  { onFailure, now }: ConnectOptions,
): void {
  const { input, output } = description;
  const read = (message: Message): Uint8Array => toBinary(input, message);
  const write = (bytes: Uint8Array): Message => fromBinary(output, bytes);
  const translate = toConnectError(method.path, onFailure);
  async function* stream(answers: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
    try {
      for await (const answer of answers) yield write(answer);
    } catch (error) {
      translate(error);
    }
  }
  async function* readAll(messages: AsyncIterable<Message>): AsyncGenerator<Uint8Array> {
    for await (const message of messages) yield read(message);
  }
  const implement = (implementation: unknown): void => {
    router.rpc(description, implementation as MethodImpl<DescMethod>);
  };
  switch (method.kind) {
    case 'unary':
      implement(async (request: Message, context: HandlerContext) => {
        try {
          return write(await method.handle(read(request), callOf(context, now)));
        } catch (error) {
          return translate(error);
        }
      });
      return;
    case 'server_streaming':
      implement((request: Message, context: HandlerContext) =>
        stream(method.handle(read(request), callOf(context, now))),
      );
      return;
    case 'bidirectional':
      implement((requests: AsyncIterable<Message>, context: HandlerContext) =>
        stream(method.handle(readAll(requests), callOf(context, now))),
      );
  }
}

function callOf(context: HandlerContext, now: () => number): Call {
  const deadline = now() + (context.timeoutMs() ?? Infinity);
  const authorization = context.requestHeader.get('authorization') ?? undefined;
  const connection = context.values.get(connectionKey);
  const clientCertificate = (): ReturnType<typeof clientCertificateOf> => clientCertificateOf(connection);
  const headers = context.values.get(headersKey);
  const callerField = (name: CallerField): string | undefined => {
    const value = (name === 'host' ? headers[':authority'] : undefined) ?? headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const address = context.values.get(addressKey);
  return { deadline, signal: context.signal, connection, address, authorization, callerField, clientCertificate };
}

function toConnectError(path: string, onFailure: ConnectOptions['onFailure']): (error: unknown) => never {
  return (error) => {
    // Both number their codes as gRPC does.
    if (error instanceof RpcError) throw new ConnectError(error.message, error.code);
    if (error instanceof ConnectError) throw error;
    onFailure?.(path, error);
    throw new ConnectError('internal error', Code.internal);
  };
}
