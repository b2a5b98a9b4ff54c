import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { FollowRequestSchema, FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { Commit, FollowResponse } from '../../gen/ostiary/v1/sync_pb.js';
import { Flag, FrameType, LEAST_MAX_FRAME_SIZE, Setting } from '../../src/http2/frame.ts';
import { data, frame, headers, message, PREFACE, settings, windowUpdate } from '../http2/raw-client.ts';

type Said = NonNullable<MessageInitShape<typeof FollowRequestSchema>['message']>;

const WINDOW_BYTES = 1024 * 1024;

export const say = (said: Said): Uint8Array =>
  toBinary(FollowRequestSchema, create(FollowRequestSchema, { message: said }));

/** Bytes that many streams are sent alike are read once. */
let latest: { readonly bytes: Buffer; readonly response: FollowResponse } | undefined;

function read(bytes: Buffer): FollowResponse {
  if (latest?.bytes.equals(bytes) !== true)
    latest = { bytes: Buffer.from(bytes), response: fromBinary(FollowResponseSchema, bytes) };
  return latest.response;
}

/** What is said alike on many streams is made once. */
let acknowledged: { readonly commit: Commit; readonly bytes: Buffer } | undefined;

function acknowledgementOf(commit: Commit): Buffer {
  if (acknowledged?.commit !== commit) {
    const revision = commit.position?.revision ?? 0n;
    const said = say({ case: 'acknowledgement', value: { revision, stateHash: commit.stateHash } });
    acknowledged = { commit, bytes: data(1, message(said), 0) };
  }
  return acknowledged.bytes;
}

/**
 * A sidecar's stream without a sidecar: frames of HTTP/2 on a socket, so that a thousand of them take little of the machine
 * that they measure.
 */
export class RawFollower {
  readonly #socket: Socket;
  readonly #told: (response: FollowResponse) => void;
  #rest: Buffer = Buffer.alloc(0);
  #message: Buffer = Buffer.alloc(0);
  #unacknowledgedBytes = 0;

  constructor(
    { port, credential, hello = say({ case: 'hello', value: {} }) }: RawFollowerOptions,
    told: (response: FollowResponse) => void,
    closed: () => void = () => {},
  ) {
    this.#told = told;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('error', () => {});
    this.#socket.on('close', closed);
    this.#socket.on('data', (chunk) => this.#take(chunk));
    const path = '/ostiary.v1.SyncService/Follow';
    this.#socket.write(
      Buffer.concat([
        PREFACE,
        settings([Setting.initialWindowSize, WINDOW_BYTES]),
        windowUpdate(0, WINDOW_BYTES),
        headers(1, path, Flag.endHeaders, { authorization: `Bearer ${credential}` }),
        data(1, message(hello), 0),
      ]),
    );
  }

  acknowledge(commit: Commit): void {
    this.#socket.write(acknowledgementOf(commit));
  }

  send(said: Said): void {
    const octets = message(say(said));
    for (let at = 0; at < octets.length; at += LEAST_MAX_FRAME_SIZE)
      this.#socket.write(data(1, octets.subarray(at, at + LEAST_MAX_FRAME_SIZE), 0));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let octets = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (octets.length >= 9) {
      const end = 9 + octets.readUIntBE(0, 3);
      if (octets.length < end) break;
      this.#frame(octets[3] ?? 0, octets[4] ?? 0, octets.subarray(9, end));
      octets = octets.subarray(end);
    }
    this.#rest = octets.length === 0 ? octets : Buffer.from(octets);
  }

  #frame(type: number, flags: number, payload: Buffer): void {
    const isAck = (flags & Flag.ack) !== 0;
    if (type === FrameType.data) this.#data(payload);
    else if (type === FrameType.settings && !isAck) this.#socket.write(frame(FrameType.settings, Flag.ack, 0));
    else if (type === FrameType.ping && !isAck) this.#socket.write(frame(FrameType.ping, Flag.ack, 0, payload));
    else if (type === FrameType.rstStream || type === FrameType.goaway) this.#socket.destroy();
  }

  #data(payload: Buffer): void {
    this.#unacknowledgedBytes += payload.length;
    if (this.#unacknowledgedBytes > WINDOW_BYTES / 4) {
      const bytes = this.#unacknowledgedBytes;
      this.#socket.write(Buffer.concat([windowUpdate(0, bytes), windowUpdate(1, bytes)]));
      this.#unacknowledgedBytes = 0;
    }
    let octets = this.#message.length === 0 ? payload : Buffer.concat([this.#message, payload]);
    while (octets.length >= 5) {
      const end = 5 + octets.readUInt32BE(1);
      if (octets.length < end) break;
      this.#told(read(octets.subarray(5, end)));
      octets = octets.subarray(end);
    }
    this.#message = octets.length === 0 ? octets : Buffer.from(octets);
  }
}

export interface RawFollowerOptions {
  readonly port: number;
  readonly credential: string;
  /** What it says first; the default has nothing. */
  readonly hello?: Uint8Array;
}
