import { create, toBinary } from '@bufbuild/protobuf';
import { FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { Answer } from '../../gen/ostiary/v1/sync_pb.js';
import type { Timers } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';

/** What a sidecar is asked: a method of its operator's API. */
export interface SidecarQuestion {
  /** Such as `/ostiary.v1.InspectionService/Explain`. */
  readonly method: string;
  readonly request: Uint8Array;
  readonly timeoutMs: number;
}

/** The most questions that wait for one sidecar's answers. */
const MOST_AT_ONCE = 4;
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly answered: (response: Uint8Array) => void;
  readonly failed: (error: RpcError) => void;
}

/** The questions to one sidecar that wait for their answers. */
export class AskedQuestions {
  readonly #node: string;
  readonly #isAnswering: boolean;
  readonly #timers: Timers;
  readonly #wake: () => void;
  readonly #waiting = new Map<bigint, Waiting>();
  #unsent: Uint8Array[] = [];
  #lastId = 0n;

  /**
   * @param isAnswering whether it has said that it answers any
   * @param wake called when there is something to {@link take}
   */
  constructor(node: string, isAnswering: boolean, timers: Timers, wake: () => void) {
    this.#node = node;
    this.#isAnswering = isAnswering;
    this.#timers = timers;
    this.#wake = wake;
  }

  /** @throws RpcError (rejects with it): what the sidecar has answered, or that it has not */
  async ask({ method, request, timeoutMs }: SidecarQuestion): Promise<Uint8Array> {
    if (!this.#isAnswering)
      throw new RpcError(Code.failedPrecondition, `the version of ostiary of ${this.#node} answers no questions`);
    if (this.#waiting.size >= MOST_AT_ONCE)
      throw new RpcError(
        Code.resourceExhausted,
        `${MOST_AT_ONCE} questions to ${this.#node} are under way: ask again in a moment`,
      );
    const id = (this.#lastId += 1n);
    const { promise, resolve: answered, reject: failed } = Promise.withResolvers<Uint8Array>();
    const cancel = this.#timers.after(timeoutMs, () =>
      failed(
        new RpcError(Code.deadlineExceeded, `${this.#node} has not answered within ${timeoutMs / 1000} s: ask again`),
      ),
    );
    this.#waiting.set(id, { answered, failed });
    const value = { id, method, request, timeoutMs };
    this.#unsent.push(
      toBinary(FollowResponseSchema, create(FollowResponseSchema, { message: { case: 'question', value } })),
    );
    this.#wake();
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }

  /** What is to be sent. */
  take(): readonly Uint8Array[] {
    const unsent = this.#unsent;
    this.#unsent = [];
    return unsent;
  }

  /** The sidecar has answered. One that nobody waits for is passed over. */
  hear({ id, code, message, response }: Answer): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    if (code !== 0) waiting.failed(new RpcError(codeOf(code), `${this.#node}: ${message.slice(0, 1000)}`));
    else if (response.length <= MOST_ANSWER_BYTES) waiting.answered(response);
    else waiting.failed(new RpcError(Code.resourceExhausted, `${this.#node} has answered with more than 4 MiB`));
  }

  close(): void {
    const error = new RpcError(Code.unavailable, `${this.#node} has gone before it has answered: ask again`);
    for (const { failed } of this.#waiting.values()) failed(error);
  }
}

function codeOf(code: number): Code {
  return Object.values(Code).find((known) => known === code) ?? Code.unknown;
}
