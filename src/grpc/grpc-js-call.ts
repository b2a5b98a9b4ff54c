import type { Clock } from '../clock.ts';
import type { Call, TraceField } from './rpc.ts';

/** What all kinds of the library's calls have in common. */
interface AnyCall {
  readonly cancelled: boolean;
  readonly metadata: { get(name: string): readonly (string | Buffer)[] };
  getPeer(): string;
  getDeadline(): Date | number;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** What a handler sees of a call of @grpc/grpc-js. */
export class GrpcJsCall implements Call {
  readonly deadline: number;
  readonly #call: AnyCall;
  #controller: AbortController | undefined;
  #finished = false;

  constructor(call: AnyCall, clock: Clock) {
    this.#call = call;
    // The library gives deadlines by the wall clock.
    const wallDeadline = call.getDeadline();
    this.deadline = wallDeadline === Infinity ? Infinity : clock.monotonic() + (Number(wallDeadline) - clock.now());
  }

  get cancelled(): boolean {
    return this.#call.cancelled;
  }

  /** Connections on a Unix socket have no address and count as one. */
  get connection(): string {
    return this.#call.getPeer();
  }

  get authorization(): string | undefined {
    return this.#call.metadata.get('authorization')[0]?.toString();
  }

  traceField(name: TraceField): string | undefined {
    return this.#call.metadata.get(name)[0]?.toString();
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.#call.cancelled) controller.abort();
      // The library says `cancelled` after a call that ended well too.
      else this.#call.once('cancelled', () => this.#finished || controller.abort());
    }
    return this.#controller.signal;
  }

  finish(): void {
    this.#finished = true;
  }
}
