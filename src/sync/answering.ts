import type { Question } from '../../gen/ostiary/v1/sync_pb.js';
import type { Clock, Timers } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { UnaryHandler } from '../grpc/rpc.ts';

/** As protobuf has it. */
export interface AnswerMessage {
  readonly id: bigint;
  readonly code: number;
  readonly message: string;
  readonly response: Uint8Array;
}

/** Answers questions of the control plane. Never rejects. */
export type AnswerQuestion = (question: Question) => Promise<AnswerMessage>;

export interface AnsweringPorts {
  /** The method of a path; undefined: it may not be asked here. */
  readonly methodOf: (path: string) => Promise<UnaryHandler | undefined>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** What is a defect, without the question: it may have credentials. */
  readonly onFailure: (path: string, error: unknown) => void;
}

/** However many the control plane asks: Checks go first. */
const MOST_AT_ONCE = 4;
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;
const LONGEST_MS = 120_000;

export function answering({ methodOf, clock, timers, onFailure }: AnsweringPorts): AnswerQuestion {
  let running = 0;
  const answer = async ({ method, request, timeoutMs }: Question): Promise<Uint8Array> => {
    const handle = await methodOf(method);
    if (handle === undefined)
      throw new RpcError(Code.unimplemented, 'this version of ostiary answers no such question');
    const waitMs = Math.min(LONGEST_MS, timeoutMs);
    const late = Promise.withResolvers<never>();
    const over = new AbortController();
    const cancel = timers.after(waitMs, () => {
      late.reject(new RpcError(Code.deadlineExceeded, 'the answer took too long'));
      over.abort();
    });
    const call = { deadline: clock.monotonic() + waitMs, signal: over.signal };
    const response = await Promise.race([handle(request, call), late.promise]).finally(cancel);
    if (response.length > MOST_ANSWER_BYTES)
      throw new RpcError(Code.resourceExhausted, 'the answer has more than 4 MiB: ask for less');
    return Uint8Array.from(response);
  };
  return async (question) => {
    const { id, method } = question;
    const failed = (code: number, message: string): AnswerMessage => ({
      id,
      code,
      message,
      response: new Uint8Array(),
    });
    if (running >= MOST_AT_ONCE) return failed(Code.resourceExhausted, 'other questions are under way: ask again');
    running += 1;
    try {
      return { id, code: 0, message: '', response: await answer(question) };
    } catch (error) {
      if (error instanceof RpcError) return failed(error.code, error.message);
      onFailure(method, error);
      return failed(Code.internal, 'internal error');
    } finally {
      running -= 1;
    }
  };
}
