import { Code, RpcError } from '../../grpc/rpc.ts';
import { readUint32 } from '../frame.ts';
import { PREFIX_BYTES } from './answers.ts';
import { GrpcCall } from './call.ts';
import { MessageReader } from './message-reader.ts';
import { hold, letGo, weightOf } from './request-memory.ts';

/** A call whose request is one message: the handler runs when the message is complete. */
export abstract class SingleRequestCall extends GrpcCall {
  readonly expectsEndSoon = true;
  #reader: MessageReader | undefined = undefined;
  #message: Uint8Array | undefined = undefined;
  #heldBytes = 0;

  protected abstract run(message: Uint8Array): void;

  start(): void {}

  data(buffer: Buffer, start: number, end: number, ended: boolean): void {
    const length = end - start - PREFIX_BYTES;
    // The common case: a whole, plain message in one frame, used where it lies.
    if (
      ended &&
      this.#reader === undefined &&
      length >= 0 &&
      length <= this.plan.maxMessageBytes &&
      buffer[start] === 0 &&
      readUint32(buffer, start + 1) === length
    ) {
      return this.run(buffer.subarray(start + PREFIX_BYTES, end));
    }
    this.#assemble(buffer, start, end);
    if (this.gone) return;
    if (ended) this.end();
    else this.replenish();
  }

  #assemble(buffer: Buffer, start: number, end: number): void {
    this.armDeadline();
    this.#reader ??= new MessageReader(this.host, this.plan, this.plan.isGzip, (message) => {
      if (this.#message !== undefined) throw new RpcError(Code.unimplemented, 'more than one request message');
      const weight = weightOf(message);
      hold(this.host, weight, this.plan.maxBufferedBytes);
      this.#heldBytes = weight;
      this.#message = message;
    });
    try {
      this.#reader.push(buffer, start, end);
    } catch (error) {
      this.fail(error);
    }
  }

  end(): void {
    const message = this.#message;
    if (this.#reader?.isWithinMessage) this.fail(new RpcError(Code.internal, 'the request ends within a message'));
    else if (message === undefined) this.fail(new RpcError(Code.unimplemented, 'no request message'));
    else this.run(message);
  }

  protected released(): void {
    this.#reader?.close();
    // A handler that still runs keeps its request.
    if (!this.isRunning) this.#dropMessage();
  }

  protected override settled(): void {
    super.settled();
    this.#dropMessage();
  }

  #dropMessage(): void {
    letGo(this.host, this.#heldBytes);
    this.#heldBytes = 0;
    this.#message = undefined;
  }
}
