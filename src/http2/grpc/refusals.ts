import { HeaderField } from '../header-field.ts';
import { Stream } from '../stream.ts';
import type { StreamHost } from '../stream.ts';
import type { GrpcAnswers } from './answers.ts';
import type { PlainPlan, RefusedPlan } from './plan.ts';

/** A gRPC call that ends before it begins: the status is the whole answer. */
export class RefusedCall extends Stream {
  readonly expectsEndSoon = true;
  readonly #answers: GrpcAnswers;
  readonly #plan: RefusedPlan;

  constructor(host: StreamHost, id: number, plan: RefusedPlan, answers: GrpcAnswers, receiveWindow: number) {
    super(host, id, receiveWindow, -1);
    this.#plan = plan;
    this.#answers = answers;
  }

  start(): void {
    this.host.observer.counters.callsFailed++;
    this.#answers.fail(this, this.#plan.error, false);
  }

  data(): void {}
  end(): void {}
  drained(): void {}
  aborted(): void {}
}

/** A request that is not gRPC: its body is dropped, and a sentence says what is wrong. */
export class PlainAnswer extends Stream {
  readonly expectsEndSoon = true;
  readonly #plan: PlainPlan;
  readonly #fullWindow: number;

  constructor(host: StreamHost, id: number, plan: PlainPlan, contentLength: number, receiveWindow: number) {
    super(host, id, receiveWindow, contentLength);
    this.#plan = plan;
    this.#fullWindow = receiveWindow;
  }

  start(): void {}

  data(_buffer: Buffer, _start: number, _end: number, ended: boolean): void {
    if (ended) return this.end();
    const used = this.#fullWindow - this.receiveWindow;
    if (used >= this.#fullWindow / 2) this.host.credit(this, used);
  }

  end(): void {
    const { status, text, allow, withBody } = this.#plan;
    const fields = [
      new HeaderField(':status', status),
      new HeaderField('content-type', 'text/plain; charset=utf-8'),
      new HeaderField('content-length', String(text.length)),
    ];
    if (allow !== undefined) fields.push(new HeaderField('allow', allow));
    this.host.observer.counters.callsFailed++;
    this.host.sender.answers++;
    this.host.sender.headers(this, fields, !withBody);
    if (withBody) this.host.sender.data(this, Buffer.from(text, 'latin1'), true);
  }

  drained(): void {}
  aborted(): void {}
}
