import { clientCertificateOf } from '../../grpc/client-certificate.ts';
import { peerAddressOf } from '../../grpc/peer-address.ts';
import { Code, RpcError } from '../../grpc/rpc.ts';
import type { Call, ClientCertificate, TraceField } from '../../grpc/rpc.ts';
import { Stream } from '../stream.ts';
import type { StreamHost } from '../stream.ts';
import type { GrpcAnswers } from './answers.ts';
import type { CallPlan } from './plan.ts';

/** The maximum of Node's timers; a longer time-out counts as none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Why the signal of every call is aborted. Without one Node would make an error with a stack for each. */
const callIsOver = new RpcError(Code.cancelled, 'the call is over');

/** A gRPC call: a stream, and what its handler sees of it, in one object. */
export abstract class GrpcCall extends Stream implements Call {
  deadline = Infinity;
  /** True from the handler's start until its promise settles. */
  protected isRunning = false;
  protected headSent = false;
  protected readonly answers: GrpcAnswers;
  protected readonly plan: CallPlan;
  #isOver = false;
  /** Ended by the caller, the deadline or the connection, not by the handler. */
  #isAborted = false;
  #controller: AbortController | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(host: StreamHost, id: number, plan: CallPlan, answers: GrpcAnswers) {
    super(host, id, plan.streamWindowBytes, plan.contentLength);
    this.plan = plan;
    this.answers = answers;
    if (plan.timeoutMs !== Infinity) this.deadline = host.clock.nowMs + plan.timeoutMs;
  }

  get connection(): unknown {
    return this.host;
  }

  get address(): string {
    return peerAddressOf(this.host.socket);
  }

  get authorization(): string | undefined {
    return this.plan.authorization === '' ? undefined : this.plan.authorization;
  }

  clientCertificate(): ClientCertificate | undefined {
    return clientCertificateOf(this.host.socket);
  }

  traceField(name: TraceField): string | undefined {
    return this.plan.trace?.find((field) => field.name === name)?.value;
  }

  /** Made on first use: most handlers answer before anyone could cancel. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort(callIsOver);
    return this.#controller.signal;
  }

  /** From here on the call may wait for something. */
  protected armDeadline(): void {
    if (this.#timer !== undefined || this.deadline === Infinity || this.#isOver) return;
    const leftMs = Math.max(0, this.deadline - this.host.clock.now());
    if (leftMs > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(() => this.host.guarded(() => this.#timedOut()), leftMs);
  }

  /** Most unary calls have no timer, which would cost more than the call itself. */
  override expire(): void {
    if (this.host.clock.nowMs >= this.deadline) this.#timedOut();
  }

  #timedOut(): void {
    if (this.#isOver) return;
    this.#isAborted = true;
    this.fail(new RpcError(Code.deadlineExceeded, 'deadline exceeded'));
  }

  /** Ends the call with a status; does nothing if it has ended. */
  protected fail(cause: unknown): void {
    if (this.#isOver) return;
    const { counters } = this.host.observer;
    counters.callsFailed++;
    this.over();
    this.answers.fail(this, this.#toStatus(cause), this.headSent);
    this.host.touch();
  }

  #toStatus(cause: unknown): RpcError {
    if (cause instanceof RpcError) return cause;
    try {
      this.plan.onFailure?.(this.plan.method.path, cause);
    } catch (error) {
      this.host.observer.onInternalError(error);
    }
    return new RpcError(Code.internal, 'internal error');
  }

  /** Nothing the handler does from here on reaches the peer. @returns false if that was so already. */
  protected over(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    if (this.isRunning) this.host.lingering++;
    clearTimeout(this.#timer);
    if (this.#isAborted) this.#controller?.abort(callIsOver);
    this.released();
    return true;
  }

  /** The handler has come to its end. */
  protected settled(): void {
    this.isRunning = false;
    if (this.#isOver) this.host.lingering--;
  }

  /** Gives back what the call holds of its request. */
  protected abstract released(): void;

  aborted(): void {
    if (!this.#isOver) this.#isAborted = true;
    if (this.over()) this.host.observer.counters.callsCancelled++;
  }

  /** Lets the peer send on, once it has used half of the stream's window. */
  protected replenish(): void {
    const used = this.plan.streamWindowBytes - this.receiveWindow;
    if (!this.remoteClosed && !this.gone && used >= this.plan.streamWindowBytes / 2) this.host.credit(this, used);
  }
}
