import { describe, expect, test } from 'vitest';
import { documentsFolder } from '../e2e/documents.ts';
import { send } from '../e2e/request.ts';
import { shop } from '../e2e/shop.ts';
import { startOstiary } from '../real/ostiary.ts';
import { freePort } from '../real/scratch.ts';

const told = (path: string) => ({
  'x-original-method': 'GET',
  'x-original-uri': path,
  'x-original-host': 'shop.example',
  'x-real-ip': '192.0.2.7',
});

describe('the process', () => {
  test.each([1, 2])(
    'answers questions over HTTP beside Checks, counts and tells what it refuses (%d workers)',
    async (workers) => {
      const port = await freePort();
      const http = ['--http-listen', `127.0.0.1:${port}`, '--http-profile', 'nginx', '--workers', String(workers)];
      const ostiary = await startOstiary({
        policies: documentsFolder(shop),
        args: [...http, '--drain-delay', '100ms'],
      });
      try {
        expect(ostiary.output()).toContain(`proxies on 127.0.0.1:${port}`);
        const ask = (path: string, more: Record<string, string> = {}) =>
          send(port, '/', { headers: { ...told(path), ...more } });
        expect((await ask('/open')).status).toBe(200);
        expect((await ask('/closed')).status).toBe(401);
        expect((await ask('/open', { 'x-ostiary-client-id': 'admin' })).status).toBe(403);
        expect((await send(port, '/')).status).toBe(403);
        const metrics = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
        expect(metrics).toMatch(/^ostiary_http_refused_total\{reason="header_owned"\} 1$/m);
        expect(metrics).toMatch(/^ostiary_http_refused_total\{reason="request_untold"\} 1$/m);
        expect(metrics).toMatch(/^ostiary_checks_total\{.*api="open".*outcome="allow".*\} 1$/m);
        expect(metrics).toMatch(/^ostiary_checks_total\{.*api="closed".*outcome="deny".*\} 1$/m);
        const refused = () =>
          ostiary
            .output()
            .split('\n')
            .filter((line) => line.includes('"question refused"'))
            .map((line) => JSON.parse(line) as object);
        await expect.poll(() => refused().length).toBe(2);
        expect(refused()).toMatchObject([
          { level: 'warn', reason: 'header_owned', detail: expect.stringContaining('x-ostiary-client-id') },
          { level: 'warn', reason: 'request_untold', detail: expect.stringContaining('x-original-method') },
        ]);
        expect(ostiary.output()).not.toContain('admin"');
        ostiary.signal('SIGTERM');
        await expect
          .poll(async () => (await fetch(`${ostiary.adminUrl}/readyz`).catch(() => undefined))?.status)
          .not.toBe(200);
        expect(await ostiary.exited).toBe(0);
        await expect(ask('/open')).rejects.toThrow('ECONNREFUSED');
      } finally {
        await ostiary.stop();
      }
    },
  );
});
