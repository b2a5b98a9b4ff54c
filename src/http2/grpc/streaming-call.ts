import { Code, RpcError } from '../../grpc/rpc.ts';
import type { BidirectionalHandler, ServerStreamingHandler } from '../../grpc/rpc.ts';
import type { StreamHost } from '../stream.ts';
import { AnswerStream } from './answer-stream.ts';
import type { AnswerTarget } from './answer-stream.ts';
import type { GrpcAnswers } from './answers.ts';
import { GrpcCall } from './call.ts';
import { MessageReader } from './message-reader.ts';
import type { CallPlan } from './plan.ts';
import { RequestQueue } from './request-queue.ts';

/** Any number of messages either way, the handler running from the first frame on. */
export class StreamingCall extends GrpcCall implements AnswerTarget {
  readonly expectsEndSoon: boolean;
  readonly #handle: BidirectionalHandler;
  readonly #reader: MessageReader;
  readonly #requests: RequestQueue;
  readonly #answerStream = new AnswerStream(this);
  #sent: PromiseWithResolvers<void> | undefined = undefined;
  #open = true;

  constructor(host: StreamHost, id: number, plan: CallPlan, answers: GrpcAnswers, handle: BidirectionalHandler) {
    super(host, id, plan, answers);
    this.#handle = handle;
    this.expectsEndSoon = plan.method.kind === 'server_streaming';
    this.#requests = new RequestQueue(host, plan.maxBufferedBytes, () => this.#mayReplenish());
    this.#reader = new MessageReader(host, plan, plan.isGzip, (message) => this.#requests.push(message));
  }

  /** A handler, a queue and a reader from its first frame on: some 4 kB. */
  override get weight(): number {
    return 4;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  start(): void {
    this.isRunning = true;
    this.armDeadline();
    void this.#answerStream
      .drive(() => this.#handle(this.#requests, this))
      .then(() => this.host.guarded(() => this.settled()));
  }

  data(buffer: Buffer, start: number, end: number, ended: boolean): void {
    if (!this.#open) return;
    try {
      this.#reader.push(buffer, start, end);
    } catch (error) {
      return this.fail(error);
    }
    if (ended) this.end();
    else this.#mayReplenish();
  }

  end(): void {
    if (this.#reader.isWithinMessage) this.fail(new RpcError(Code.internal, 'the request ends within a message'));
    else this.#requests.end();
  }

  /** A handler that reads slowly makes the peer wait. */
  #mayReplenish(): void {
    if (this.#requests.bytes <= this.plan.streamWindowBytes / 2) this.replenish();
  }

  send(message: Uint8Array): void {
    if (!this.headSent) this.answers.head(this);
    this.headSent = true;
    this.answers.message(this, message);
    this.host.touch();
  }

  whenSent(): Promise<void> | undefined {
    if (this.queue === undefined || this.queue.length === 0) return undefined;
    this.#sent = Promise.withResolvers<void>();
    return this.#sent.promise;
  }

  drained(): void {
    this.#sent?.resolve();
    this.#sent = undefined;
  }

  finish(): void {
    if (!this.over()) return;
    this.host.observer.counters.callsOk++;
    if (!this.headSent) this.answers.head(this);
    this.answers.finish(this);
    this.host.touch();
  }

  failed(cause: unknown): void {
    this.host.guarded(() => this.fail(cause));
  }

  protected released(): void {
    this.#open = false;
    this.#reader.close();
    this.#requests.fail(new RpcError(Code.cancelled, 'the call is over'));
    this.drained();
    this.#answerStream.stop();
  }
}

/** A server-streaming method as a special case: its request is a stream of exactly one message. */
export function withSingleRequest(handle: ServerStreamingHandler): BidirectionalHandler {
  return async function* answers(requests, call) {
    let only: Uint8Array | undefined;
    for await (const message of requests) {
      if (only !== undefined) throw new RpcError(Code.unimplemented, 'more than one request message');
      only = message;
    }
    if (only === undefined) throw new RpcError(Code.unimplemented, 'no request message');
    yield* handle(only, call);
  };
}
