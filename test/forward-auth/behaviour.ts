import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { credentials } from '../e2e/documents.ts';
import { echoOf, send } from '../e2e/request.ts';
import type { Answer } from '../e2e/request.ts';
import type { Front } from './front.ts';

export interface Abilities {
  /** A policy's own success reaches the caller. */
  readonly preflights: boolean;
  /** The proxy removes what a caller claims to be; else such a request is refused. */
  readonly removesClaims: boolean;
  /** What ostiary tells callers on an allow reaches them. */
  readonly showsRates: boolean;
}

/** What every proxy that asks over HTTP must do, as its page configures it. */
export function behaves(start: () => Promise<Front>, { preflights, removesClaims, showsRates }: Abilities): void {
  let front: Front;
  beforeAll(async () => {
    front = await start();
  });
  afterAll(() => front?.stop());

  const ask = async (
    path: string,
    headers: Readonly<Record<string, string | readonly string[]>> = {},
    method = 'GET',
  ) => send(front.port, path, { method, headers: { host: 'shop.example', ...headers } });

  test('what is allowed reaches the upstream as it was sent, with who calls and without the secret', async () => {
    const answer = await ask('/closed/a%20b?x=1&y=%2F', { ...credentials('gold'), accept: 'text/x' }, 'DELETE');
    const { method, path, headers } = echoOf(answer);
    expect([method, path, headers['accept']]).toEqual(['DELETE', '/closed/a%20b?x=1&y=%2F', 'text/x']);
    expect(headers['x-ostiary-client-id']).toBe('gold-id');
    expect(headers['client_secret']).toBeUndefined();
    expect(headers['x-original-uri']).toBeUndefined();
  });

  test('a body passes by, whatever its size', async () => {
    const { body, status } = await post(front.port, '/closed', credentials('gold'), 200_000);
    expect([status, JSON.parse(body)]).toMatchObject([
      200,
      { method: 'POST', headers: { 'content-length': '200000' } },
    ]);
  });

  test('without credentials, with wrong ones and without an API it is refused, and the challenge is told', async () => {
    const before = front.reached();
    const missing = await ask('/closed');
    expect([missing.status, missing.headers['www-authenticate']]).toEqual([401, 'Client-ID-Enforcement']);
    expect((await ask('/closed', { ...credentials('gold'), client_secret: 'wrong' })).status).toBe(401);
    expect((await ask('/nowhere')).status).toBe(403);
    expect(front.reached()).toBe(before);
  });

  test.each(['HEAD', 'OPTIONS', 'PATCH', 'PUT'])('%s is decided like GET', async (method) => {
    const before = front.reached();
    expect((await ask('/closed', {}, method)).status).toBe(401);
    expect(front.reached()).toBe(before);
    expect((await ask('/closed', credentials('gold'), method)).status).toBe(200);
    expect(front.reached()).toBe(before + 1);
  });

  test('a spent quota is 429 with the time to wait', async () => {
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await ask('/orders', credentials('bronze')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(
      showsRates ? ['1', '0', '0'] : [undefined, undefined, expect.anything()],
    );
    expect(echoOf(answers[0]!).headers['x-ratelimit-remaining']).toBeUndefined();
    expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('nobody can say who he is', async () => {
    for (const name of ['x-ostiary-client-id', 'X-OSTIARY-CLIENT-ID', 'x_ostiary_client_id', 'x-ostiary_client-id']) {
      for (const more of [{}, { connection: `close, ${name}` }]) {
        // Some proxies drop such a name, or take it off by `connection`; none lets it through.
        const answer = await ask('/open', { [name]: 'admin', ...more });
        if (answer.status !== 200) expect(answer.status).toBe(removesClaims ? 400 : 403);
        else expect(Object.values(echoOf(answer).headers)).not.toContain('admin');
      }
    }
    const answer = await ask('/closed', { ...credentials('gold'), 'x-ostiary-client-id': 'admin' });
    if (removesClaims) expect(echoOf(answer).headers['x-ostiary-client-id']).toBe('gold-id');
    else expect(answer.status).toBe(403);
  });

  test('nobody can say what is asked about', async () => {
    const before = front.reached();
    for (const [uri, method, host, more] of [
      ['uri', 'method', 'host', 'x-original-'],
      ['uri', 'method', 'host', 'x-forwarded-'],
      ['url', 'method', 'host', 'x-original-'],
    ] as const) {
      for (const sign of ['-', '_']) {
        const named = (part: string): string => `${more}${part}`.replaceAll('-', sign);
        const told = { [named(uri)]: '/open', [named(method)]: 'OPTIONS', [named(host)]: 'elsewhere.example' };
        expect((await ask('/closed', told)).status).toBe(401);
        expect((await ask('/closed', { ...told, [named(uri)]: ['/open', '/open'] })).status).toBe(401);
        const nominating = await ask('/closed', { ...told, connection: Object.keys(told).join(', ') });
        // Envoy refuses to take off what it sets itself.
        expect([400, 401]).toContain(nominating.status);
      }
    }
    for (const name of ['x-ostiary-set', 'x-ostiary-remove', 'x-ostiary-status', 'x-envoy-auth-headers-to-remove']) {
      expect((await ask('/closed', { [name]: 'host' })).status).toBeGreaterThanOrEqual(400);
    }
    expect(front.reached()).toBe(before);
  });

  test('nobody can say where he is', async () => {
    const before = front.reached();
    for (const name of ['x-real-ip', 'x-forwarded-for', 'x-ostiary-client-address', 'x-envoy-external-address']) {
      expect((await ask('/far', { [name]: '192.0.2.7' })).status).toBe(403);
    }
    expect(front.reached()).toBe(before);
    expect((await ask('/near')).status).toBe(200);
  });

  test('nobody can say that he has TLS', async () => {
    for (const name of ['x-original-proto', 'x-forwarded-proto', 'x-ostiary-scheme']) {
      expect((await ask('/plain', { [name]: 'https' })).status).toBe(200);
    }
  });

  test('a host is the one that the proxy routes by', async () => {
    expect((await ask('/closed', { host: 'elsewhere.example' })).status).toBe(200);
    const before = front.reached();
    for (const target of ['http://shop.example/closed', 'http://shop.example:80/closed']) {
      const text = await raw(
        front.port,
        `GET ${target} HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n`,
      );
      expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
    const twice = `GET /closed HTTP/1.1\r\nHost: shop.example\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n`;
    expect(await raw(front.port, twice)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(front.reached()).toBe(before);
  });

  test.each([
    '/ruled/admin',
    '/ruled/x/../admin/y',
    '/ruled/x/%2e%2e/admin/y',
    '/ruled/./admin',
    '//ruled//admin/y',
    '/ruled/%61dmin/y',
    '/ruled/admin;v=1/y',
    '/ruled;v=1/admin',
    '/ruled/x%2f..%2fadmin',
    '/ruled%2fadmin',
    '/ruled/admin%2fy',
    '/ruled/x/..;/admin',
    '/ruled\\admin',
    '/open/../ruled/admin',
    '/open/..%2fruled/admin',
    '/open/%2e%2e%2fruled/admin',
    '/ruled/admin%00',
    '/open#/../ruled/admin',
  ])('the path %s is not public', async (path) => {
    const before = front.reached();
    // By hand: a client would not send each of them.
    const text = await raw(front.port, `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(front.reached()).toBe(before);
  });

  test('a preflight is answered, and is no request', async () => {
    const before = front.reached();
    const headers = { origin: 'https://shop.example.com', 'access-control-request-method': 'POST' };
    const answer = await ask('/scripts', headers, 'OPTIONS');
    expect(answer.status).toBe(preflights ? 204 : 403);
    if (preflights) {
      expect(answer.headers['access-control-allow-origin']).toBe('https://shop.example.com');
      expect(answer.headers['access-control-allow-methods']).toContain('POST');
    }
    expect(front.reached()).toBe(before);
  });

  describe('while ostiary is away', () => {
    test('nothing passes', async () => {
      const before = front.reached();
      front.ostiary.pause();
      const hung = ask('/open');
      await new Promise((resolve) => setTimeout(resolve, 50));
      await front.ostiary.kill();
      const answers: Answer[] = await Promise.all([hung, ask('/open'), ask('/closed', credentials('gold'))]);
      for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400);
      expect(front.reached()).toBe(before);
    });
  });
}

async function post(port: number, path: string, headers: Readonly<Record<string, string>>, size: number) {
  const { request } = await import('node:http');
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        agent: false,
        headers: { ...headers, host: 'shop.example', 'content-length': size },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    sent.once('error', reject);
    sent.end(Buffer.alloc(size));
  });
}

async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
  socket.write(text, 'latin1');
  let answer = '';
  for await (const bytes of socket.setEncoding('latin1')) {
    answer += String(bytes);
    // Envoy keeps a connection open for a second after a refusal.
    if (answer.includes('\r\n\r\n')) break;
  }
  return answer;
}
