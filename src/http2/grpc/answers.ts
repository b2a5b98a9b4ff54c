import { Code, RpcError } from '../../grpc/rpc.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType, writeFrameHeader, writeUint32 } from '../frame.ts';
import { HeaderField } from '../header-field.ts';
import type { Sender, SendingStream } from '../sender.ts';

import { encodeStatusMessage } from './status-message.ts';

/** Octets before each message: a flag and its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const PREFIX_BYTES = 5;

const STATUS_200 = new HeaderField(':status', '200');
const CONTENT_TYPE = new HeaderField('content-type', 'application/grpc');
const STATUS_OK = new HeaderField('grpc-status', '0');

export const KEPT_FIELDS: ReadonlySet<HeaderField> = new Set([CONTENT_TYPE, STATUS_OK]);

const HEAD_FIELDS = [STATUS_200, CONTENT_TYPE];
const OK_FIELDS = [STATUS_OK];

/**
 * The frames around the message of a unary answer: HEADERS with two indexed fields, DATA with its prefix, HEADERS with
 * one.
 */
const HEAD_BYTES = FRAME_HEADER_BYTES + 2;
const TRAILER_BYTES = FRAME_HEADER_BYTES + 1;
const AROUND_MESSAGE = HEAD_BYTES + FRAME_HEADER_BYTES + PREFIX_BYTES + TRAILER_BYTES;
const INDEXED_200 = 0x88;

/** Writes gRPC answers on one connection. */
export class GrpcAnswers {
  readonly #sender: Sender;
  /** The encoder's generation that the two indices below belong to; -1 until both fields are in its table. */
  #generation = -1;
  #contentTypeIndex = 0;
  #statusOkIndex = 0;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** A whole unary answer with status OK: three frames, written directly if possible. */
  unary(stream: SendingStream, message: Uint8Array): void {
    const sender = this.#sender;
    const length = message.length + PREFIX_BYTES;
    const fits = length <= sender.maxFrameSize && length <= sender.windowOf(stream) && !sender.isCongested;
    if (!fits || this.#generation !== sender.writer.encoder.generation) return this.#unarySlowly(stream, message);
    const { output } = sender.writer;
    const at = output.reserve(AROUND_MESSAGE + message.length);
    const { buffer } = output;
    writeFrameHeader(buffer, at, 2, FrameType.headers, Flag.endHeaders, stream.id);
    buffer[at + 9] = INDEXED_200;
    buffer[at + 10] = this.#contentTypeIndex;
    writeFrameHeader(buffer, at + HEAD_BYTES, length, FrameType.data, 0, stream.id);
    buffer[at + 20] = 0;
    writeUint32(buffer, at + 21, message.length);
    copy(message, buffer, at + 25);
    const end = at + 25 + message.length;
    writeFrameHeader(buffer, end, 1, FrameType.headers, Flag.endHeaders | Flag.endStream, stream.id);
    buffer[end + 9] = this.#statusOkIndex;
    sender.connectionWindow -= length;
    sender.answers++;
    stream.endSent();
  }

  #unarySlowly(stream: SendingStream, message: Uint8Array): void {
    this.head(stream);
    this.message(stream, message);
    this.finish(stream);
    this.#learnIndices();
  }

  /** The fast path waits until the peer's table holds both fields, and stops when it may not. */
  #learnIndices(): void {
    const { encoder } = this.#sender.writer;
    const contentTypeAt = encoder.indexOf(CONTENT_TYPE);
    const statusOkAt = encoder.indexOf(STATUS_OK);
    // Each as one octet: RFC 7541, 6.1.
    if (contentTypeAt === 0 || statusOkAt === 0 || contentTypeAt >= 0x7f || statusOkAt >= 0x7f) return;
    this.#contentTypeIndex = 0x80 | contentTypeAt;
    this.#statusOkIndex = 0x80 | statusOkAt;
    this.#generation = encoder.generation;
  }

  head(stream: SendingStream): void {
    this.#sender.headers(stream, HEAD_FIELDS, false);
  }

  message(stream: SendingStream, message: Uint8Array): void {
    const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
    framed[0] = 0;
    writeUint32(framed, 1, message.length);
    framed.set(message, PREFIX_BYTES);
    this.#sender.data(stream, framed);
  }

  /** Status OK, behind whatever still waits. */
  finish(stream: SendingStream): void {
    this.#sender.end(stream, OK_FIELDS);
  }

  /** A status other than OK. Without a head before it, one block has everything ("Trailers-Only"). */
  fail(stream: SendingStream, error: RpcError, headSent: boolean): void {
    const fields = headSent ? [] : [...HEAD_FIELDS];
    fields.push(new HeaderField('grpc-status', String(error.code)));
    if (error.message !== '') fields.push(new HeaderField('grpc-message', encodeStatusMessage(error.message)));
    if (error instanceof EncodingUnknown) fields.push(new HeaderField('grpc-accept-encoding', error.accepted));
    this.#sender.answers++;
    if (headSent) this.#sender.end(stream, fields);
    else this.#sender.headers(stream, fields, true);
  }
}

/** The request's `grpc-encoding` is not supported: the answer lists the supported ones ("Compression"). */
export class EncodingUnknown extends RpcError {
  readonly accepted: string;
  constructor(encoding: string, gzip: boolean) {
    super(
      Code.unimplemented,
      `grpc-encoding ${encoding} is not supported: use ${gzip ? 'gzip or identity' : 'identity'}`,
    );
    this.accepted = gzip ? 'identity,gzip' : 'identity';
  }
}

/** For the few octets of most answers a loop is faster than a call into the engine. */
function copy(from: Uint8Array, to: Uint8Array, at: number): void {
  if (from.length > 64) to.set(from, at);
  else for (let i = 0; i < from.length; i++) to[at + i] = from[i]!;
}
