import type { UnaryHandler } from '../../grpc/rpc.ts';
import type { StreamHost } from '../stream.ts';
import type { GrpcAnswers } from './answers.ts';
import type { CallPlan } from './plan.ts';
import { SingleRequestCall } from './single-request-call.ts';

/** One message, one answer: without a promise where the handler needs none. */
export class UnaryCall extends SingleRequestCall {
  readonly #handle: UnaryHandler;

  constructor(host: StreamHost, id: number, plan: CallPlan, answers: GrpcAnswers, handle: UnaryHandler) {
    super(host, id, plan, answers);
    this.#handle = handle;
  }

  protected run(message: Uint8Array): void {
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = this.#handle(message, this);
    } catch (error) {
      return this.fail(error);
    }
    if (answer instanceof Uint8Array) return this.#answer(answer);
    // The request is the handler's until its promise settles.
    this.host.retainInput();
    this.isRunning = true;
    this.armDeadline();
    Promise.resolve(answer).then(
      (bytes) => this.host.guarded(() => this.#answerLate(bytes)),
      (error: unknown) => this.host.guarded(() => this.#failLate(error)),
    );
  }

  #answerLate(message: Uint8Array): void {
    this.settled();
    if (message instanceof Uint8Array) this.#answer(message);
    else this.fail(new TypeError('a handler answered with something else than bytes'));
  }

  #failLate(error: unknown): void {
    this.settled();
    this.fail(error);
  }

  #answer(message: Uint8Array): void {
    if (!this.over()) return;
    this.host.observer.counters.callsOk++;
    this.answers.unary(this, message);
    this.host.touch();
  }

  drained(): void {}
}
