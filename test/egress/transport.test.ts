import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { createEgress } from '../../src/egress/egress.ts';
import type { Egress, EgressCall } from '../../src/egress/egress.ts';
import { egressRules } from '../../src/egress/rules.ts';
import { egressTransport } from '../../src/egress/transport.ts';
import { answering, JwksServer } from '../jwt/issuer.ts';
import type { Answering } from '../jwt/issuer.ts';
import { localEgress } from './local-transport.ts';

const BOUNDS = { timeoutMs: 5000, maxBytes: 1000 };

const OPENED: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of OPENED.splice(0)) await one.close();
});

async function serverOf(
  answer: Answering,
): Promise<{ readonly url: string; readonly server: JwksServer; readonly port: number }> {
  const server = new JwksServer(answer);
  await server.listen();
  OPENED.push({ close: () => server[Symbol.asyncDispose]() });
  return { server, url: server.url, port: Number(new URL(server.url).port) };
}

/** Of names as a test says they resolve. */
function egressWith(names: Record<string, readonly string[]>, allow: readonly string[] = []): Egress {
  const rules = egressRules(allow);
  const resolve = async (host: string) => {
    const addresses = names[host] ?? [];
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  const transport = egressTransport({ variables: {}, rules, resolve, timers: systemTimers });
  return createEgress({ transport, timers: systemTimers, rules });
}

/** How a call ended: its status and text, or the outcome of its fault. */
async function ended(egress: Egress, call: Partial<EgressCall> & { readonly url: string }): Promise<string> {
  try {
    const { status, text } = await egress.call({ ...BOUNDS, ...call });
    return `${status} ${text}`;
  } catch (error) {
    return (error as { outcome: string }).outcome;
  }
}

describe('a name is judged by what it resolves to, at each connection', () => {
  test('to a link-local address it is refused', async () => {
    const egress = egressWith({ 'metadata.test': ['169.254.169.254'] }, ['0.0.0.0/0']);
    expect(await ended(egress, { url: 'http://metadata.test/' })).toBe('refused');
  });

  test('to loopback too, unless the operator allows it', async () => {
    const { port } = await serverOf(answering(200, 'here'));
    const url = `http://issuer.test:${port}/`;
    const names = { 'issuer.test': ['127.0.0.1'] };
    expect(await ended(egressWith(names), { url })).toBe('refused');
    expect(await ended(egressWith(names, ['other.test']), { url })).toBe('refused');
    expect(await ended(egressWith(names, [`issuer.test:${port}`]), { url })).toBe('200 here');
  });

  test('of several addresses only those that may be are connected to', async () => {
    const { port, server } = await serverOf(answering(200, 'here'));
    const egress = egressWith({ 'mixed.test': ['169.254.169.254', '127.0.0.1'] }, ['127.0.0.1']);
    expect(await ended(egress, { url: `http://mixed.test:${port}/` })).toBe('200 here');
    expect(server.requests).toBe(1);
  });

  test('and a name that is pointed elsewhere after it was good is refused then', async () => {
    const { port, server } = await serverOf((_request, response) => {
      response.writeHead(200, { connection: 'close' }).end('here');
    });
    const names: Record<string, string[]> = { 'rebinding.test': ['127.0.0.1'] };
    const egress = egressWith(names, [`127.0.0.1`]);
    const url = `http://rebinding.test:${port}/`;
    expect(await ended(egress, { url })).toBe('200 here');
    names['rebinding.test'] = ['169.254.169.254'];
    expect(await ended(egress, { url })).toBe('refused');
    expect(server.requests).toBe(1);
  });

  test('a name without an address is not reached', async () => {
    expect(await ended(egressWith({}), { url: 'http://nothing.test/' })).toBe('unreachable');
  });
});

test('an address in the URL is judged before anything is connected', async () => {
  const { url, server, port } = await serverOf(answering(200, 'here'));
  for (const host of ['127.0.0.1', '127.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'])
    expect(await ended(egressWith({}), { url: `http://${host}:${port}/` })).toBe('refused');
  expect(server.requests).toBe(0);
  expect(await ended(localEgress().egress, { url })).toBe('200 here');
});

test('a redirect is an answer, and not followed', async () => {
  const { url, server } = await serverOf(answering(302, 'x', { location: 'http://169.254.169.254/' }));
  expect(await ended(localEgress().egress, { url })).toBe('302 ');
  expect(server.requests).toBe(1);
});

test('what is sent arrives: method, headers, body', async () => {
  const { url } = await serverOf((request, response) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => response.end(`${request.method} ${String(request.headers['x-one'])} ${body}`));
  });
  const call = { url, method: 'POST', headers: { 'x-one': '1' }, body: 'tökén=1' } as const;
  expect(await ended(localEgress().egress, call)).toBe('200 POST 1 tökén=1');
});

describe('an answer', () => {
  test('that is too large is refused, and the text of a refusal that is too large left out', async () => {
    const large = await serverOf(answering(200, 'x'.repeat(1001)));
    const refusal = await serverOf(answering(401, 'x'.repeat(1001)));
    const { egress } = localEgress();
    expect(await ended(egress, { url: large.url })).toBe('too_large');
    expect(await ended(egress, { url: refusal.url })).toBe('401 ');
  });

  test('without end ends with the time', async () => {
    const { url } = await serverOf((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(await ended(localEgress().egress, { url, timeoutMs: 200 })).toBe('timeout');
  });

  test('that never comes ends with the time, or with who asked', async () => {
    const { url } = await serverOf(() => {});
    const { egress } = localEgress();
    expect(await ended(egress, { url, timeoutMs: 100 })).toBe('timeout');
    const leaving = new AbortController();
    const asked = ended(egress, { url, signal: leaving.signal });
    leaving.abort();
    expect(await asked).toBe('unreachable');
  });
});

describe('connections', () => {
  /** Speaks no TLS, however long it is waited for. */
  async function silent(): Promise<{ readonly port: number; readonly server: Server; readonly sockets: Socket[] }> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    OPENED.push({
      close() {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    return { server, sockets, port: (server.address() as AddressInfo).port };
  }

  test('that do not come about in time are given up before the whole time is over', async () => {
    const { port } = await silent();
    const startedAt = performance.now();
    const call = { url: `https://127.0.0.1:${port}/`, connectTimeoutMs: 100, timeoutMs: 60_000 };
    expect(await ended(localEgress().egress, call)).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  test('are used again', async () => {
    const ports = new Set<number | undefined>();
    const { url } = await serverOf((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('here');
    });
    const { egress } = localEgress();
    for (let call = 0; call < 5; call += 1) expect(await ended(egress, { url })).toBe('200 here');
    expect(ports.size).toBe(1);
  });

  test('and are made anew where the other side has closed one', async () => {
    const { url } = await serverOf((request, response) => {
      response.end('here');
      // Without a word, as a load balancer does.
      setTimeout(() => request.socket.resetAndDestroy(), 5);
    });
    const { egress } = localEgress();
    for (let call = 0; call < 20; call += 1) {
      expect(await ended(egress, { url, method: 'POST', body: 'x' })).toBe('200 here');
      await new Promise((resolve) => {
        setTimeout(resolve, 4 + (call % 3));
      });
    }
  });

  test('are 32 to a host at most', async () => {
    let [open, most] = [0, 0];
    const { url } = await serverOf((_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open -= 1;
        response.end('here');
      }, 10);
    });
    const { egress } = localEgress();
    const all = await Promise.all(Array.from({ length: 200 }, () => ended(egress, { url })));
    expect(new Set(all)).toEqual(new Set(['200 here']));
    expect(most).toBe(32);
  });
});
