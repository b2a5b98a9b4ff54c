import type { StreamHost } from '../stream.ts';
import { hold, letGo, weightOf } from './request-memory.ts';

/** The messages of a streaming request, for its handler to iterate over once. */
export class RequestQueue implements AsyncIterableIterator<Uint8Array> {
  /** Octets of the messages that the handler has not taken yet. */
  bytes = 0;
  readonly #messages: Uint8Array[] = [];
  readonly #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>>[] = [];
  readonly #host: StreamHost;
  readonly #maxBufferedBytes: number;
  readonly #onTaken: () => void;
  #isDone = false;
  #failure: Error | undefined;

  /** @param onTaken called when the handler has taken a message */
  constructor(host: StreamHost, maxBufferedBytes: number, onTaken: () => void) {
    this.#host = host;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#onTaken = onTaken;
  }

  /** @throws {RpcError} where the connection holds too much already */
  push(message: Uint8Array): void {
    if (this.#isDone) return;
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) return waiter.resolve({ value: message, done: false });
    const weight = weightOf(message);
    hold(this.#host, weight, this.#maxBufferedBytes);
    this.bytes += weight;
    this.#messages.push(message);
  }

  end(): void {
    this.#isDone = true;
    for (const waiter of this.#waiting.splice(0)) waiter.resolve({ value: undefined, done: true });
  }

  /** The call is over: unread messages are dropped. */
  fail(error: Error): void {
    if (this.#isDone && this.#messages.length === 0) return;
    this.#isDone = true;
    this.#failure = error;
    this.#drop();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      const weight = weightOf(message);
      this.bytes -= weight;
      letGo(this.#host, weight);
      this.#onTaken();
      return Promise.resolve({ value: message, done: false });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isDone) return Promise.resolve({ value: undefined, done: true });
    const waiter = Promise.withResolvers<IteratorResult<Uint8Array>>();
    this.#waiting.push(waiter);
    return waiter.promise;
  }

  /** The handler needs no more messages: the rest is dropped. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#drop();
    this.end();
    this.#onTaken();
    return Promise.resolve({ value: undefined, done: true });
  }

  #drop(): void {
    letGo(this.#host, this.bytes);
    this.#messages.length = this.bytes = 0;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
