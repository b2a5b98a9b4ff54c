import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import { statusOf } from './client.ts';
import { listeners, text } from './fixture.ts';
import { transports } from './transports.ts';

describe.each(transports)('a stream on $name', ({ transport }) => {
  const serve = listeners(transport);

  it('carries answers until the handler ends, then says OK', async () => {
    const { client } = await serve([
      {
        kind: 'server_streaming',
        path: '/test.Test/Stream',
        async *handle(request) {
          for (let index = 0; index < 3; index++) yield Buffer.concat([request, text(`${index}`)]);
        },
      },
    ]);
    const answers = await client.serverStream('/test.Test/Stream', text('n')).toArray();
    expect(answers.map(String)).toEqual(['n0', 'n1', 'n2']);
  });

  it('tells its handler the credential that the caller sent', async () => {
    const { client } = await serve([
      {
        kind: 'bidirectional',
        path: '/test.Test/Bidi',
        async *handle(_requests, call) {
          yield text(call.authorization ?? 'none');
        },
      },
    ]);
    const [named, unnamed] = await Promise.all([
      client.bidi('/test.Test/Bidi', { authorization: 'Bearer abc' }).toArray(),
      client.bidi('/test.Test/Bidi').toArray(),
    ]);
    expect([...named, ...unnamed].map(String)).toEqual(['Bearer abc', 'none']);
  });

  it('ends a stream with the status of its handler', async () => {
    const { client } = await serve([
      {
        kind: 'server_streaming',
        path: '/test.Test/Stream',
        async *handle() {
          yield text('one');
          throw new RpcError(Code.notFound, 'no more');
        },
      },
    ]);
    const stream = client.serverStream('/test.Test/Stream');
    const seen: string[] = [];
    stream.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    expect(await statusOf(once(stream, 'end'))).toEqual({ code: Code.notFound, details: 'no more' });
    expect(seen).toEqual(['one']);
  });

  it('ends a streaming handler when its caller cancels', async () => {
    const ended = Promise.withResolvers<string>();
    const { client } = await serve([
      {
        kind: 'server_streaming',
        path: '/test.Test/Stream',
        async *handle(_request, call) {
          yield text('first');
          await once(call.signal, 'abort');
          ended.resolve('aborted');
        },
      },
    ]);
    const stream = client.serverStream('/test.Test/Stream');
    stream.on('error', () => {});
    await once(stream, 'data');
    stream.cancel();
    expect(await ended.promise).toBe('aborted');
  });

  it('answers each message of a bidirectional call, and once more after its caller has sent the last', async () => {
    const { client } = await serve([
      {
        kind: 'bidirectional',
        path: '/test.Test/Bidi',
        async *handle(requests) {
          for await (const request of requests) yield Buffer.concat([request, text('!')]);
          yield text('bye');
        },
      },
    ]);
    const stream = client.bidi('/test.Test/Bidi');
    const answers = stream[Symbol.asyncIterator]();
    stream.write(text('a'));
    expect(String((await answers.next()).value)).toBe('a!');
    stream.write(text('b'));
    expect(String((await answers.next()).value)).toBe('b!');
    stream.end();
    expect(String((await answers.next()).value)).toBe('bye');
    expect((await answers.next()).done).toBe(true);
  });

  it('carries more than any window holds both ways at once, to a handler that takes its time', async () => {
    const { client } = await serve([
      {
        kind: 'bidirectional',
        path: '/test.Test/Bidi',
        async *handle(requests) {
          for await (const request of requests) {
            await sleep(1);
            yield Buffer.from(request);
          }
        },
      },
    ]);
    const stream = client.bidi('/test.Test/Bidi');
    const sent = Array.from({ length: 120 }, (_, index) => Buffer.alloc(50_000 + index, index));
    for (const message of sent) stream.write(message);
    stream.end();
    const answers: Buffer[] = [];
    for await (const answer of stream) answers.push(answer as Buffer);
    expect(answers.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
    expect(Buffer.concat(answers).equals(Buffer.concat(sent))).toBe(true);
  });
});
