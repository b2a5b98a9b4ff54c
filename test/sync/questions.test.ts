import { describe, expect, it } from 'vitest';
import { fromBinary } from '@bufbuild/protobuf';
import { FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { Question } from '../../gen/ostiary/v1/sync_pb.js';
import { systemClock as clock, systemTimers as timers } from '../../src/clock.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { UnaryHandler } from '../../src/grpc/rpc.ts';
import { answering } from '../../src/sync/answering.ts';
import { AskedQuestions } from '../../src/sync/asked.ts';

const REQUEST = new Uint8Array([1, 2, 3]);

function answeringWith(handle: UnaryHandler, failures: string[] = []) {
  return answering({
    methodOf: async (path) => (path === '/known' ? handle : undefined),
    clock,
    timers,
    onFailure: (path, error) => failures.push(`${path}: ${String(error)}`),
  });
}

/** A control plane's end that has its questions answered at once by a sidecar's end. */
function asking(handle: UnaryHandler, { isAnswering = true, failures = [] as string[] } = {}) {
  const answer = answeringWith(handle, failures);
  const sent: Question[] = [];
  const asked = new AskedQuestions('eu-1', isAnswering, timers, () => {
    for (const bytes of asked.take()) {
      const { message } = fromBinary(FollowResponseSchema, bytes);
      if (message.case !== 'question') throw new TypeError('no question');
      sent.push(message.value);
      void answer(message.value).then((value) => asked.hear({ $typeName: 'ostiary.v1.Answer', ...value }));
    }
  });
  return { asked, sent, failures };
}

describe('questions to a sidecar', () => {
  it('are answered, each with its own answer', async () => {
    const { asked } = asking(async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 20 - (request[0] ?? 0)));
      return Uint8Array.from(request, (each) => each * 2);
    });
    const answers = await Promise.all(
      [1, 9, 5].map((first) => asked.ask({ method: '/known', request: new Uint8Array([first]), timeoutMs: 5000 })),
    );
    expect(answers.map((each) => Array.from(each))).toEqual([[2], [18], [10]]);
  });

  it.each<[string, UnaryHandler, string, string]>([
    ['that may not be asked', () => REQUEST, '/unknown', 'eu-1: this version of ostiary answers no such question'],
    [
      'with a fault',
      () => {
        throw new RpcError(Code.notFound, 'api: no API is named "x"');
      },
      '/known',
      'eu-1: api: no API is named "x"',
    ],
    ['with too much', () => new Uint8Array(5 * 1024 * 1024), '/known', 'the answer has more than 4 MiB'],
  ])('%s are told as the sidecar tells them', async (_, handle, method, message) => {
    const { asked, failures } = asking(handle);
    await expect(asked.ask({ method, request: REQUEST, timeoutMs: 5000 })).rejects.toThrow(message);
    expect(failures).toEqual([]);
  });

  it('that hit a defect tell nothing of it, and the sidecar logs it without the question', async () => {
    const { asked, failures } = asking(() => {
      throw new TypeError('x is undefined');
    });
    await expect(asked.ask({ method: '/known', request: REQUEST, timeoutMs: 5000 })).rejects.toThrow(
      'eu-1: internal error',
    );
    expect(failures).toEqual(['/known: TypeError: x is undefined']);
  });

  it('that nobody answers end in time, and a late answer changes nothing', async () => {
    const { asked, sent } = asking(() => new Promise(() => {}));
    const waiting = asked.ask({ method: '/known', request: REQUEST, timeoutMs: 30 });
    await expect(waiting).rejects.toMatchObject({
      code: Code.deadlineExceeded,
      message: expect.stringContaining('0.03 s'),
    });
    asked.hear({ $typeName: 'ostiary.v1.Answer', id: sent[0]?.id ?? 0n, code: 0, message: '', response: REQUEST });
    asked.hear({ $typeName: 'ostiary.v1.Answer', id: 77n, code: 99, message: 'x', response: REQUEST });
  });

  it('are few at once, at both ends', async () => {
    const { asked } = asking(() => new Promise(() => {}));
    const ask = () => asked.ask({ method: '/known', request: REQUEST, timeoutMs: 100 });
    const results = await Promise.allSettled([ask(), ask(), ask(), ask(), ask()]);
    expect(results.map((each) => (each.status === 'rejected' ? (each.reason as RpcError).code : 0))).toEqual([
      ...Array.from({ length: 4 }, () => Code.deadlineExceeded),
      Code.resourceExhausted,
    ]);
    const answer = answeringWith(() => new Promise(() => {}));
    const question = (id: bigint): Question => {
      return { $typeName: 'ostiary.v1.Question', id, method: '/known', request: REQUEST, timeoutMs: 100 };
    };
    const first = [1n, 2n, 3n, 4n].map((id) => answer(question(id)));
    expect(await answer(question(5n))).toMatchObject({ id: 5n, code: Code.resourceExhausted });
    // What hangs keeps no place for longer than it was given.
    for (const { code } of await Promise.all(first)) expect(code).toBe(Code.deadlineExceeded);
    expect(await answer(question(6n))).toMatchObject({ id: 6n, code: Code.deadlineExceeded });
  });

  it('end when the sidecar goes, and one that answers none is not asked', async () => {
    const { asked } = asking(() => new Promise(() => {}));
    const waiting = asked.ask({ method: '/known', request: REQUEST, timeoutMs: 5000 });
    asked.close();
    await expect(waiting).rejects.toThrow('eu-1 has gone before it has answered');
    const old = asking(() => REQUEST, { isAnswering: false });
    await expect(old.asked.ask({ method: '/known', request: REQUEST, timeoutMs: 5000 })).rejects.toThrow(
      'answers no questions',
    );
    expect(old.sent).toEqual([]);
  });
});
