import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Call } from '../../src/grpc/rpc.ts';
import { RawClient, statusOf } from './client.ts';
import { listeners, text, unary } from './fixture.ts';
import { transports } from './transports.ts';

describe.each(transports)('a listener on $name', ({ transport }) => {
  const serve = listeners(transport);

  it('says the port it was given for port 0', async () => {
    const { listener } = await serve([unary((request) => request)]);
    expect(listener.address).toMatchObject({
      kind: 'tcp',
      host: '127.0.0.1',
      port: expect.toSatisfy((port) => port > 0),
    });
  });

  it.each(['', '::'])('on every address, written as "%s", takes calls by IPv4 and IPv6', async (host) => {
    const { listener } = await serve([unary((request) => request)], { address: { kind: 'tcp', host, port: 0 } });
    const { port } = listener.address as { port: number };
    for (const address of ['127.0.0.1', '::1']) {
      const client = new RawClient({ kind: 'tcp', host: address, port });
      expect((await client.unary('/test.Test/Unary', text(address))).toString()).toBe(address);
      client.close();
    }
  });

  it('hands a handler the bytes of the request and the caller those of the answer', async () => {
    const { client } = await serve([unary((request) => Buffer.concat([request, text('!')]))]);
    expect((await client.unary('/test.Test/Unary', text('hello'))).toString()).toBe('hello!');
    expect((await client.unary('/test.Test/Unary', Buffer.alloc(0))).toString()).toBe('!');
  });

  it('takes plain Uint8Arrays that are views of a larger buffer', async () => {
    const { client } = await serve([unary(async () => new Uint8Array(text('abcdef')).subarray(2, 4))]);
    expect((await client.unary('/test.Test/Unary')).toString()).toBe('cd');
  });

  it('answers many calls at once on one connection', async () => {
    const { client } = await serve([unary(async (request) => request)]);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => client.unary('/test.Test/Unary', text(`${index}`))),
    );
    expect(answers.map(String)).toEqual(Array.from({ length: 200 }, (_, index) => `${index}`));
  });

  it('ends a call with the status of an RpcError, thrown or rejected with', async () => {
    const { client } = await serve([
      unary(() => {
        throw new RpcError(Code.invalidArgument, 'not a Check: 100 % wrong, ü \uD800');
      }),
      {
        kind: 'unary',
        path: '/test.Test/Rejects',
        handle: async () => Promise.reject(new RpcError(Code.unavailable, 'later')),
      },
    ]);
    expect(await statusOf(client.unary('/test.Test/Unary'))).toEqual({
      code: Code.invalidArgument,
      details: 'not a Check: 100 % wrong, ü \uFFFD',
    });
    expect(await statusOf(client.unary('/test.Test/Rejects'))).toEqual({ code: Code.unavailable, details: 'later' });
  });

  it('tells a caller nothing of any other error, and the operator all', async () => {
    const failures: unknown[] = [];
    const secret = new Error('the secret is 42');
    const { client } = await serve([unary(() => Promise.reject(secret))], {
      onFailure: (path, error) => failures.push([path, error]),
    });
    const status = await statusOf(client.unary('/test.Test/Unary'));
    expect(status.code).toBe(Code.internal);
    expect(status.details).not.toContain('42');
    expect(failures).toEqual([['/test.Test/Unary', secret]]);
  });

  it('answers UNIMPLEMENTED for a method it does not have', async () => {
    const { client } = await serve([unary((request) => request)]);
    expect((await statusOf(client.unary('/test.Test/Other'))).code).toBe(Code.unimplemented);
  });

  it('refuses a message over the limit with RESOURCE_EXHAUSTED and serves the next one', async () => {
    const { client } = await serve([unary((request) => text(`${request.length}`))], { maxMessageBytes: 1000 });
    expect((await client.unary('/test.Test/Unary', Buffer.alloc(1000))).toString()).toBe('1000');
    expect((await statusOf(client.unary('/test.Test/Unary', Buffer.alloc(1001)))).code).toBe(Code.resourceExhausted);
    expect((await client.unary('/test.Test/Unary', Buffer.alloc(10))).toString()).toBe('10');
  });

  it('tells a handler the deadline of its caller on the monotonic clock', async () => {
    let deadline = 0;
    const { client } = await serve([
      unary((request, call) => {
        deadline = call.deadline - performance.now();
        return request;
      }),
    ]);
    await client.unary('/test.Test/Unary', text(''), { timeoutMs: 5000 });
    expect(deadline).toBeGreaterThan(4000);
    expect(deadline).toBeLessThanOrEqual(5001);
    await client.unary('/test.Test/Unary');
    expect(deadline).toBe(Infinity);
  });

  it('aborts the signal of a call when its deadline passes', async () => {
    let aborted: Promise<unknown> | undefined;
    const { client } = await serve([
      unary((_request, call) => {
        aborted = once(call.signal, 'abort');
        return new Promise<never>(() => {});
      }),
    ]);
    expect((await statusOf(client.unary('/test.Test/Unary', text(''), { timeoutMs: 100 }))).code).toBe(
      Code.deadlineExceeded,
    );
    await aborted;
  });

  it('aborts the signal of a call when its caller cancels or leaves', async () => {
    const started: PromiseWithResolvers<Call>[] = [Promise.withResolvers(), Promise.withResolvers()];
    let next = 0;
    const { client, listener } = await serve([
      unary((_request, call) => {
        started[next++]!.resolve(call);
        return new Promise<never>(() => {});
      }),
    ]);
    const controller = new AbortController();
    const cancelled = statusOf(client.unary('/test.Test/Unary', text(''), { signal: controller.signal }));
    const first = await started[0]!.promise;
    expect(first.signal.aborted).toBe(false);
    const aborted = once(first.signal, 'abort');
    controller.abort();
    expect((await cancelled).code).toBe(Code.cancelled);
    await aborted;

    void statusOf(client.unary('/test.Test/Unary'));
    const second = await started[1]!.promise;
    const left = once(second.signal, 'abort');
    await listener.drain(0);
    await left;
  });

  it('leaves the signal of a call that ended well alone', async () => {
    let signal: AbortSignal | undefined;
    const { client } = await serve([
      unary((request, call) => {
        ({ signal } = call);
        return request;
      }),
    ]);
    await client.unary('/test.Test/Unary');
    await client.unary('/test.Test/Unary');
    expect(signal?.aborted).toBe(false);
  });
});
