import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Code } from '../../src/grpc/rpc.ts';
import type { ListenAddress } from '../../src/listen/address.ts';
import { RawClient, statusOf } from './client.ts';
import { listeners, text, unary } from './fixture.ts';
import { transports } from './transports.ts';

const portOf = (address: ListenAddress): number => (address.kind === 'tcp' ? address.port : 0);

describe.each(transports)('the drain of a listener on $name', ({ transport }) => {
  const serve = listeners(transport);

  it('ends at once where nobody is connected', async () => {
    const { listener } = await serve([unary((request) => request)]);
    // Far longer than a test may take.
    await listener.drain(600_000);
  });

  it('ends soon where connections are idle, and closes them with GOAWAY without an error', async () => {
    const { listener, client } = await serve([unary((request) => request)]);
    await client.unary('/test.Test/Unary');
    const session = connectHttp2(`http://127.0.0.1:${portOf(listener.address)}`);
    await once(session, 'remoteSettings');
    const goaway = once(session, 'goaway');
    // Far longer than a test may take.
    await listener.drain(600_000);
    expect((await goaway)[0]).toBe(0);
    session.close();
  });

  it('lets calls in flight end and refuses new connections', async () => {
    const started = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Buffer>();
    const { listener, client } = await serve([
      unary(() => {
        started.resolve();
        return answer.promise;
      }),
    ]);
    const inFlight = client.unary('/test.Test/Unary');
    await started.promise;
    const drained = listener.drain(5000);
    let isDrained = false;
    void drained.then(() => (isDrained = true));

    const late = new RawClient(listener.address);
    expect((await statusOf(late.unary('/test.Test/Unary', text(''), { timeoutMs: 1000 }))).code).toBeOneOf([
      Code.unavailable,
      Code.deadlineExceeded,
    ]);
    late.close();
    expect(isDrained).toBe(false);
    answer.resolve(text('after the drain began'));
    expect((await inFlight).toString()).toBe('after the drain began');
    await drained;
  });

  it('cuts what has not ended in time', async () => {
    const started = Promise.withResolvers<void>();
    const { listener, client } = await serve([
      unary(() => {
        started.resolve();
        return new Promise<never>(() => {});
      }),
    ]);
    const inFlight = statusOf(client.unary('/test.Test/Unary'));
    await started.promise;
    const start = performance.now();
    await listener.drain(200);
    expect(performance.now() - start).toBeGreaterThan(150);
    expect((await inFlight).code).toBeOneOf([Code.unavailable, Code.cancelled]);
  });

  it('cuts connections that never said anything', async () => {
    const { listener } = await serve([unary((request) => request)]);
    const socket = connectTcp(portOf(listener.address), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.resume();
    const closed = once(socket, 'close');
    await listener.drain(200);
    await closed;
  });

  it('is the same drain when it is asked for twice', async () => {
    const { listener } = await serve([unary((request) => request)]);
    await Promise.all([listener.drain(1000), listener.drain(1000)]);
  });

  it('frees the port', async () => {
    const { listener } = await serve([unary((request) => request)]);
    await listener.drain(0);
    const { client } = await serve([unary(() => text('next'))], { address: listener.address });
    expect((await client.unary('/test.Test/Unary')).toString()).toBe('next');
  });

  it('outlives callers that send no HTTP/2, or leave in the middle', async () => {
    const { listener, client } = await serve([unary((request) => request)]);
    for (const garbage of [
      'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
      '\0\0\0\0',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff',
    ]) {
      const socket = connectTcp(portOf(listener.address), '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(garbage, 'latin1');
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.resetAndDestroy();
    }
    expect((await client.unary('/test.Test/Unary', text('fine'))).toString()).toBe('fine');
  });
});
