import { Readable, Writable } from 'node:stream';
import { hold, letGo } from '../grpc/request-memory.ts';
import { HeaderField } from '../header-field.ts';
import type { Limits } from '../limits.ts';
import type { RequestHead } from '../request-head.ts';
import { ErrorCode } from '../error-code.ts';
import { Stream } from '../stream.ts';
import type { StreamHost } from '../stream.ts';
import { headersOf, responseFields } from './http-fields.ts';
import type { HeaderValues } from './http-fields.ts';

/** A request other than gRPC, as Node.js shows one of HTTP/1.1: what serves those serves these too. */
export class HttpRequest extends Readable {
  readonly httpVersion = '2.0';
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the connection: the same for all of its requests. */
  readonly socket: object;
  readonly #onRead: () => void;
  readonly #onGone: () => void;

  constructor(head: RequestHead, socket: object, ports: { readonly onRead: () => void; readonly onGone: () => void }) {
    super();
    this.method = head.method;
    this.url = head.path;
    this.headers = headersOf(head);
    this.socket = socket;
    this.#onRead = ports.onRead;
    this.#onGone = ports.onGone;
  }

  override _read(): void {
    // When what is read now was taken: until more is pushed, this is not called again.
    queueMicrotask(this.#onRead);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#onGone();
    callback(error);
  }
}

/** What the answer is written to, as Node.js shows one of HTTP/1.1. */
export class HttpResponse extends Writable {
  headersSent = false;
  readonly #stream: HttpStream;

  constructor(stream: HttpStream) {
    super({ decodeStrings: true });
    this.#stream = stream;
  }

  writeHead(status: number, headers: HeaderValues = {}): this {
    if (this.headersSent) throw new TypeError('the head of the answer was sent already');
    this.headersSent = true;
    this.#stream.sendHead(status, headers);
    return this;
  }

  addTrailers(trailers: HeaderValues): void {
    this.#stream.trailers = trailers;
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    if (!this.headersSent) this.writeHead(200);
    this.#stream.sendData(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (!this.headersSent) this.writeHead(200);
    this.#stream.sendEnd();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stream.cutUnlessEnded();
    callback(error);
  }
}

/** Of an answer, at once: more waits in the answer itself until the peer has taken these. */
const PIECE_BYTES = 64 * 1024;

export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

/** One exchange of HTTP over HTTP/2 (RFC 9113, 8.1), for whatever is not gRPC. */
export class HttpStream extends Stream {
  /** The handler bounds how long a request may take: large ones take longer than calls of gRPC. */
  readonly expectsEndSoon = false;
  readonly #limits: Limits;
  readonly #handle: HttpHandler;
  readonly #request: HttpRequest;
  readonly #response: HttpResponse;
  /** Octets of the request that the handler has not taken. */
  #heldBytes = 0;
  /** Sent after the body. */
  trailers: HeaderValues = {};
  #hasEnded = false;
  /** What is being sent, and what is left of it. */
  #rest: Buffer | undefined = undefined;
  #isPouring = false;
  #whenSent: ((error?: Error | null) => void) | undefined = undefined;

  constructor(host: StreamHost, id: number, head: RequestHead, handle: HttpHandler, limits: Limits) {
    super(host, id, limits.streamWindowBytes, head.contentLength);
    this.#limits = limits;
    this.#handle = handle;
    this.#response = new HttpResponse(this);
    this.#request = new HttpRequest(head, host.socket, {
      onRead: () => this.#taken(),
      onGone: () => this.#requestGone(),
    });
    // Nobody listens where a handler has refused the request: an error of it concerns its peer alone.
    this.#request.on('error', () => {});
    this.#response.on('error', () => {});
  }

  /** Streams of Node.js and what a handler makes of them: some 8 kB. */
  override get weight(): number {
    return 4;
  }

  start(): void {
    try {
      this.#handle(this.#request, this.#response);
    } catch (error) {
      this.host.observer.onInternalError(error);
      this.cutUnlessEnded();
    }
  }

  data(buffer: Buffer, start: number, end: number, ended: boolean): void {
    const bytes = end - start;
    if (bytes > 0 && !this.#request.destroyed) {
      try {
        hold(this.host, bytes, this.#limits.maxBufferedRequestBytes);
      } catch {
        return this.host.reset(this, ErrorCode.enhanceYourCalm);
      }
      this.#heldBytes += bytes;
      // The buffer is read into again.
      this.#request.push(Buffer.from(buffer.subarray(start, end)));
    }
    if (ended) this.end();
  }

  end(): void {
    if (!this.#request.destroyed) this.#request.push(null);
  }

  /** The handler wants more: the peer may send as much again as was taken. */
  #taken(): void {
    const waiting = this.#request.readableLength;
    letGo(this.host, this.#heldBytes - waiting);
    this.#heldBytes = waiting;
    const used = this.#limits.streamWindowBytes - this.receiveWindow - waiting;
    if (!this.remoteClosed && !this.gone && used >= this.#limits.streamWindowBytes / 2) this.host.credit(this, used);
  }

  /** The handler needs no more of the request, or gives the exchange up. */
  #requestGone(): void {
    letGo(this.host, this.#heldBytes);
    this.#heldBytes = 0;
    // Whoever gives up before an answer has begun will send none.
    if (!this.remoteClosed && !this.#response.headersSent) this.cutUnlessEnded();
  }

  sendHead(status: number, headers: HeaderValues): void {
    if (this.gone) return;
    const fields = [new HeaderField(':status', String(status)), ...responseFields(headers)];
    this.host.sender.answers++;
    this.host.guarded(() => this.host.sender.headers(this, fields, false));
    this.host.touch();
  }

  /** @param whenSent called when the peer has taken it, or is gone */
  sendData(chunk: Buffer, whenSent: (error?: Error | null) => void): void {
    if (this.gone) return whenSent(new Error('the peer has ended the stream'));
    this.#rest = chunk;
    this.#whenSent = whenSent;
    this.host.guarded(() => this.#pour());
    this.host.touch();
  }

  /** In pieces: of a large answer little waits here. */
  #pour(): void {
    if (this.#isPouring) return;
    this.#isPouring = true;
    while (this.#rest !== undefined && !this.gone && (this.queue?.length ?? 0) === 0) {
      const rest = this.#rest;
      this.#rest = rest.length > PIECE_BYTES ? rest.subarray(PIECE_BYTES) : undefined;
      this.host.sender.data(this, rest.subarray(0, PIECE_BYTES));
    }
    this.#isPouring = false;
    if (this.#rest !== undefined || (this.queue?.length ?? 0) > 0) return;
    const sent = this.#whenSent;
    this.#whenSent = undefined;
    // Not within the frames that are being handled: the handler may go on at once.
    if (sent !== undefined) queueMicrotask(() => sent());
  }

  sendEnd(): void {
    this.#hasEnded = true;
    if (this.gone) return;
    const { counters } = this.host.observer;
    counters.callsOk++;
    this.host.guarded(() => this.host.sender.end(this, [...responseFields(this.trailers)]));
    this.host.touch();
  }

  cutUnlessEnded(): void {
    if (this.#hasEnded || this.gone) return;
    this.#hasEnded = true;
    this.host.guarded(() => this.host.reset(this, ErrorCode.internalError));
  }

  drained(): void {
    this.#pour();
  }

  /** The rest of the request has no use. */
  override endSent(): void {
    super.endSent();
    if (!this.remoteClosed) this.#request.destroy();
  }

  aborted(): void {
    const { counters } = this.host.observer;
    if (!this.#hasEnded) counters.callsCancelled++;
    this.#hasEnded = true;
    this.#rest = undefined;
    const gone = new Error('the peer has ended the stream');
    const sent = this.#whenSent;
    this.#whenSent = undefined;
    sent?.(gone);
    this.#request.destroy(gone);
    this.#response.destroy();
  }
}
