import { setTimeout as sleep } from 'node:timers/promises';
import { RpcError } from '../../../src/grpc/rpc.ts';
import type { Code, Method } from '../../../src/grpc/rpc.ts';
import { read, write } from './messages.ts';

const SERVICE = '/grpc.testing.TestService';

/**
 * The server that gRPC's interoperability tests ask for
 * (https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md), but for what needs
 * metadata of a handler's own.
 */
export const testService: readonly Method[] = [
  // An empty message answers an empty one.
  { kind: 'unary', path: `${SERVICE}/EmptyCall`, handle: () => new Uint8Array() },
  {
    kind: 'unary',
    path: `${SERVICE}/UnaryCall`,
    handle(octets) {
      const request = read('SimpleRequest', octets);
      echoStatus(request.responseStatus);
      const payload = { body: new Uint8Array(request.responseSize) };
      return write('SimpleResponse', { payload, serverId: request.fillServerId ? 'ostiary' : '' });
    },
  },
  {
    kind: 'bidirectional',
    path: `${SERVICE}/StreamingInputCall`,
    async *handle(requests) {
      let aggregatedPayloadSize = 0;
      for await (const octets of requests) {
        aggregatedPayloadSize += read('StreamingInputCallRequest', octets).payload?.body.length ?? 0;
      }
      yield write('StreamingInputCallResponse', { aggregatedPayloadSize });
    },
  },
  { kind: 'server_streaming', path: `${SERVICE}/StreamingOutputCall`, handle: answersTo },
  {
    kind: 'bidirectional',
    path: `${SERVICE}/FullDuplexCall`,
    async *handle(requests) {
      for await (const octets of requests) yield* answersTo(octets);
    },
  },
  {
    kind: 'bidirectional',
    path: `${SERVICE}/HalfDuplexCall`,
    async *handle(requests) {
      const all: Uint8Array[] = [];
      for await (const octets of requests) all.push(Buffer.from(octets));
      for (const octets of all) yield* answersTo(octets);
    },
  },
];

async function* answersTo(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  const { responseParameters, responseStatus } = read('StreamingOutputCallRequest', octets);
  echoStatus(responseStatus);
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1000);
    yield write('StreamingOutputCallResponse', { payload: { body: new Uint8Array(size) } });
  }
}

function echoStatus(asked: { code: number; message: string } | undefined): void {
  if (asked !== undefined && asked.code !== 0) throw new RpcError(asked.code as Code, asked.message);
}
