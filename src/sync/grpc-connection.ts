import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { JoinRequestSchema, JoinResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { Clock } from '../clock.ts';
import { CallFault } from './connection.ts';
import type { ControlConnection, FollowStream } from './connection.ts';
import { EVERYTHING } from './scope.ts';

const SERVICE = '/ostiary.v1.SyncService';
const REPORT = '/ostiary.v1.TelemetryService/ReportSlots';
/** A message holds 64 KiB of documents, or one that is larger. */
const MOST_MESSAGE_BYTES = 64 * 1024 * 1024;
const JOIN_MS = 15_000;

const bytes = (value: Buffer): Buffer => value;

/** PEM. */
export interface ConnectionTls {
  /** Of the control plane; undefined: those that Node.js knows. */
  readonly authorities?: Buffer | undefined;
  /** What this sidecar shows; undefined: nothing. */
  readonly own?: { readonly certificate: Buffer; readonly key: Buffer } | undefined;
}

/**
 * Connects to a control plane by gRPC.
 * @param address `https://host:port`, or `http://` on loopback
 * @param tls undefined: as far as the address needs it, what Node.js knows
 */
export function grpcConnection(address: string, tls: ConnectionTls | undefined, clock: Clock): ControlConnection {
  const { authorities, own } = tls ?? {};
  const url = new URL(address);
  const isTls = url.protocol === 'https:';
  const target = `${url.hostname}:${url.port === '' ? (isTls ? 443 : 80) : url.port}`;
  const client = new Client(
    target,
    isTls ? credentials.createSsl(authorities, own?.key, own?.certificate) : credentials.createInsecure(),
    {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.max_receive_message_length': MOST_MESSAGE_BYTES,
    },
  );
  return {
    join(token, node, version) {
      const request = toBinary(JoinRequestSchema, create(JoinRequestSchema, { node, version }));
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      const deadline = clock.now() + JOIN_MS;
      const path = `${SERVICE}/Join`;
      client.makeUnaryRequest(
        path,
        bytes,
        bytes,
        Buffer.from(request),
        bearer(token),
        { deadline },
        (error, answer) => {
          if (error !== null) reject(faultOf(error));
          else resolve(answer ?? Buffer.alloc(0));
        },
      );
      return promise.then((answer) => {
        const joined = fromBinary(JoinResponseSchema, answer);
        const { namespaces, apis, labels } = joined.scope ?? EVERYTHING;
        const scope = { namespaces, apis, labels };
        // One of an earlier version does not tell the name: it is ours.
        return { node: joined.node || node, credential: joined.credential, scope };
      });
    },
    follow(credential): FollowStream {
      const call = client.makeBidiStreamRequest(`${SERVICE}/Follow`, bytes, bytes, bearer(credential));
      return {
        send: (message) => void call.write(Buffer.from(message)),
        messages: messagesOf(call),
        end: () => call.end(),
        cancel: () => call.cancel(),
      };
    },
    report: (credential) => (requests, signal) => {
      const call = client.makeBidiStreamRequest(REPORT, bytes, bytes, bearer(credential));
      const cancel = (): void => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      call.on('close', () => signal.removeEventListener('abort', cancel));
      if (signal.aborted) cancel();
      void sendAll(call, requests);
      return { [Symbol.asyncIterator]: () => messagesOf(call) };
    },
    close: () => client.close(),
  };
}

type Stream = ClientDuplexStream<Buffer, Buffer>;

function messagesOf(call: Stream): AsyncGenerator<Uint8Array> {
  // Whoever reads is told of it.
  call.on('error', () => {});
  async function* messages(): AsyncGenerator<Uint8Array> {
    try {
      for await (const message of call) yield message as Buffer;
    } catch (error) {
      throw faultOf(error as ServiceError);
    }
  }
  return messages();
}

/** As fast as they are taken. Never rejects. */
async function sendAll(call: Stream, requests: AsyncIterable<Uint8Array>): Promise<void> {
  const closed = new Promise<'closed'>((resolve) => call.once('close', () => resolve('closed')));
  for await (const message of requests) {
    if (call.destroyed) return;
    if (call.write(Buffer.from(message))) continue;
    const drained = new Promise<void>((resolve) => call.once('drain', resolve));
    if ((await Promise.race([drained, closed])) === 'closed') return;
  }
  call.end();
}

function bearer(secret: string | undefined): Metadata {
  const metadata = new Metadata();
  if (secret !== undefined) metadata.set('authorization', `Bearer ${secret}`);
  return metadata;
}

/** What grpc-js says around the one thing that helps, such as `connect ECONNREFUSED 127.0.0.1:9195`. */
const UNCONNECTED = /^No connection established\. Last error: (?:Error: )?(.+?)\. Resolution note: .*$/s;

function faultOf({ code, details, message }: ServiceError): CallFault {
  return new CallFault(code, (details === '' ? message : details).replace(UNCONNECTED, '$1'));
}
