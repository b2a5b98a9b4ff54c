import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Outcome } from '../../src/policy/policy.ts';
import { networksOf } from '../../src/request/client-address.ts';
import { scratchFolder } from '../real/scratch.ts';

import { allow, dial, open, textOf, TOLD } from './fixture.ts';

describe('the listener for proxies that ask over HTTP', () => {
  it('asks nobody whose peer is not trusted, says so, and ends the connection', async () => {
    const decide = vi.fn(allow);
    const { ask: asked, onRefused } = await open(decide, { trusted: networksOf(['10.0.0.0/8'])! });
    const answer = await asked({}, { agent: undefined });
    expect(answer).toMatchObject({ status: 403, headers: { connection: 'close' } });
    expect(onRefused).toHaveBeenCalledWith('peer_untrusted', expect.stringContaining('--http-trusted-peers'));
    expect(decide).not.toHaveBeenCalled();
  });

  it('trusts whoever may open its Unix socket', async () => {
    const path = join(scratchFolder('http'), 'http.sock');
    const { ask: asked } = await open(allow, {
      address: { kind: 'unix', path, mode: 0o660 },
      trusted: networksOf(['10.0.0.0/8'])!,
    });
    expect((await asked()).status).toBe(200);
  });

  it('answers what is no HTTP, too large or too many with a refusal', async () => {
    const { listener, ask: asked, onRefused } = await open(allow);
    for (const text of ['nonsense\r\n\r\n', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(80_000)}\r\n\r\n`]) {
      const socket = dial(listener);
      socket.write(text);
      expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
    expect((await asked(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`x-${i}`, ''])))).status).toBe(403);
    expect(onRefused.mock.calls.map(([reason]) => reason)).toEqual(Array(3).fill('message_malformed'));
  });

  it('answers a question about an upgrade, and one with a body that waits to be asked for, like others', async () => {
    const { ask: asked } = await open(({ check }) => {
      return check.header('upgrade') === undefined ? {} : { reason: 'policy_failed', detail: 'hop by hop' };
    });
    for (const protocol of ['websocket', 'h2c']) {
      expect((await asked({ connection: 'upgrade', upgrade: protocol })).status).toBe(200);
    }
    expect((await asked({ expect: '100-continue', 'content-length': '0' }, { method: 'POST' })).status).toBe(200);
  });

  it('keeps connections of proxies, however many peers open one and send nothing', async () => {
    const { listener, ask: asked } = await open(allow, { maxConnections: 3 });
    const silent = Array.from({ length: 3 }, () => dial(listener));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    // One that was silent for less than a second is not closed.
    await sleep(1100);
    await asked();
    await sleep(1100);
    expect((await asked()).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });

  it('lets what is asked be answered when it drains, and asks proxies to leave before', async () => {
    const waiting = Promise.withResolvers<Outcome>();
    const { listener, ask: asked } = await open(() => waiting.promise);
    const idle = dial(listener);
    await once(idle, 'connect');
    listener.leave();
    const inFlight = asked({}, { agent: undefined });
    await sleep(100);
    const drained = listener.drain(10_000);
    await sleep(100);
    waiting.resolve({});
    expect(await inFlight).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await drained;
    await expect(asked()).rejects.toThrow('ECONNREFUSED');
  });

  it('drains in its time, whatever does not end', async () => {
    const { listener, ask: asked } = await open(() => new Promise(() => {}));
    const stuck = asked().catch((error: Error) => error);
    await sleep(100);
    await listener.drain(200);
    expect(await stuck).toBeInstanceOf(Error);
  });

  it('stops deciding for a proxy that has left', async () => {
    const gone = Promise.withResolvers<void>();
    const { listener, onRefused, onFailure } = await open(allow, {
      check: async (_, { signal }) => {
        signal.addEventListener('abort', () => gone.resolve());
        await gone.promise;
        throw new RpcError(Code.cancelled, 'the caller has left');
      },
    });
    const socket = dial(listener);
    const headers = Object.entries(TOLD).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${headers.join('')}\r\n`);
    await sleep(100);
    socket.destroy();
    await gone.promise;
    await sleep(20);
    expect([onRefused.mock.calls, onFailure.mock.calls]).toEqual([[], []]);
  });
});
