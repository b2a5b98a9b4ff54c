import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConsoleFiles } from '../../src/console/files.ts';
import { consoleHandler } from '../../src/console/handler.ts';
import { scratchFolder } from '../real/scratch.ts';

const SCRIPT = 'console.log("a script");'.repeat(50);

describe('the console', () => {
  let server: Server;
  beforeAll(async () => {
    const folder = scratchFolder('console');
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>ostiary</title>');
    writeFileSync(join(folder, 'assets', 'console-abc.js'), SCRIPT);
    const handle = consoleHandler(await readConsoleFiles(folder));
    server = createServer((asked, response) => {
      if (!handle(asked, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  interface Answer {
    readonly status: number | undefined;
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  }

  function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      })
        .on('error', reject)
        .end();
    });
  }

  test('has its page at every address that a browser asks for, with a policy that lets nothing else run', async () => {
    for (const path of ['/', '/apis/shop/orders', '/apis/..%2f/x?y=1']) {
      const { status, headers, body } = await get(path, { accept: 'text/html,*/*;q=0.8' });
      expect(status).toBe(200);
      expect(body.toString()).toContain('<title>ostiary</title>');
      expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'x-frame-options': 'DENY' });
      // Programs get another answer here, which no cache may mix up with this one.
      expect(headers.vary).toBe('accept, accept-encoding');
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
    }
  });

  test('leaves to others what is no request of a browser', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/openapi.json', { accept: 'text/html' })).status).toBe(404);
    expect((await get('/', { accept: 'text/html' }, 'POST')).status).toBe(404);
    expect((await get('/assets/other.js')).status).toBe(404);
    expect((await get('/assets/../index.html')).status).toBe(404);
  });

  test.each([
    ['br', 'gzip, br', brotliDecompressSync],
    ['gzip', 'gzip, br;q=0', gunzipSync],
    [undefined, 'identity', (bytes: Buffer) => bytes],
  ])('sends a script as %s, once', async (encoding, accepted, decode) => {
    const headers = { 'accept-encoding': accepted };
    const first = await get('/assets/console-abc.js', headers);
    expect(first.headers['content-encoding']).toBe(encoding);
    expect(first.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(first.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(decode(first.body).toString()).toBe(SCRIPT);
    const again = await get('/assets/console-abc.js', { ...headers, 'if-none-match': `"x", ${first.headers.etag}` });
    expect(again.status).toBe(304);
    expect(again.body.length).toBe(0);
  });

  test('says how to build it where it was not', async () => {
    expect(await readConsoleFiles('/nowhere')).toBeUndefined();
    const bare = createServer((asked, response) => void consoleHandler(undefined)(asked, response));
    await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
    const { port } = bare.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: 'text/html' } });
    expect([answer.status, await answer.text()]).toEqual([503, 'The console was not built: npm run console\n']);
    bare.close();
  });
});
