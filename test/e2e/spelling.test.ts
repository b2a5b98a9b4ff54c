import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { credentials, documentsFolder } from './documents.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined).each(TRANSPORTS)(
  'a path spelled to slip through a real Envoy that asks %s',
  (transport) => {
    let mesh: Mesh;
    beforeAll(async () => {
      mesh = await startMesh({ policies: documentsFolder(shop), transport });
    });
    afterAll(() => mesh?.stop());

    /**
     * `/ruled/admin/…` needs credentials, the rest of `/ruled` does not; nor does `/open`, and `/closed` does.
     * `verbatim` is the outcome where Envoy passes on what would be routed by another path than it is judged by.
     */
    const tricks: readonly { path: string; outcome: number; verbatim?: number }[] = [
      { path: '/ruled/admin/x', outcome: 401 },
      { path: '/ruled//admin/x', outcome: 401 },
      { path: '//ruled/admin/x', outcome: 401, verbatim: 400 },
      { path: '/ruled/admin//x', outcome: 401 },
      { path: '/ruled/./admin/x', outcome: 401 },
      { path: '/ruled/open/../admin/x', outcome: 401 },
      { path: '/ruled/open/%2e%2e/admin/x', outcome: 401 },
      { path: '/ruled/open/.%2E/admin/x', outcome: 401 },
      { path: '/ruled/%61dmin/x', outcome: 401 },
      { path: '/ruled/admin;v=1/x', outcome: 401 },
      { path: '/ruled;v=1/admin/x', outcome: 400 },
      { path: '/ruled/admin/;/x', outcome: 401 },
      { path: '/ruled/admin/x?a=/../open', outcome: 401 },
      { path: '/ruled/admin%2fx', outcome: 400 },
      { path: '/ruled/open%2f..%2fadmin/x', outcome: 400 },
      { path: '/ruled/admin%5cx', outcome: 400 },
      { path: '/ruled/admin%00/x', outcome: 400 },
      { path: '/ruled/admin%0a/x', outcome: 400 },
      { path: '/ruled/admin/%ff', outcome: 400 },
      { path: '/open/../closed/x', outcome: 401, verbatim: 400 },
      { path: '/open/%2e%2e/closed/x', outcome: 401, verbatim: 400 },
      { path: '/open;x/../closed/x', outcome: 401, verbatim: 400 },
      { path: '//closed/x', outcome: 401, verbatim: 400 },
      { path: '/%63losed/x', outcome: 401, verbatim: 400 },
      { path: '/open/..%2fclosed/x', outcome: 400 },
    ];

    describe.each(['normalized', 'verbatim', 'raw'] as const)('where Envoy passes it on %s', (front) => {
      test.each(tricks)('$path is refused', async ({ path, outcome, verbatim = outcome }) => {
        const answer = await send(mesh.envoy.port(front), path);
        expect(answer.status).toBe(front === 'verbatim' ? verbatim : outcome);
      });

      test('a path above the root never reaches the upstream', async () => {
        for (const path of ['/../closed/x', '/open/../../closed/x', '/%2e%2e/closed/x']) {
          expect((await send(mesh.envoy.port(front), path)).status).toBeGreaterThanOrEqual(400);
        }
      });

      test('a decent path is served', async () => {
        const port = mesh.envoy.port(front);
        expect((await send(port, '/ruled/open')).status).toBe(200);
        expect((await send(port, '/open/a%20b;c')).status).toBe(200);
        expect((await send(port, '/ruled/admin/x', { headers: credentials('gold') })).status).toBe(200);
      });
    });

    test('a backslash is refused, or a slash where Envoy makes it one', async () => {
      expect((await send(mesh.envoy.port('verbatim'), '/ruled\\admin\\x')).status).toBe(400);
      expect((await send(mesh.envoy.port('normalized'), '/ruled\\admin\\x')).status).toBe(401);
    });

    test('a rule for GET covers HEAD, and a method outside the rule passes', async () => {
      const port = mesh.envoy.port('normalized');
      const head = await send(port, '/ruled/admin/x', { method: 'HEAD' });
      expect([head.status, head.body]).toEqual([401, '']);
      expect((await send(port, '/ruled/admin/x', { method: 'DELETE' })).status).toBe(401);
      expect((await send(port, '/ruled/admin/x', { method: 'POST' })).status).toBe(200);
      expect((await send(port, '/closed/x', { method: 'PROPFIND' })).status).toBe(401);
    });

    test('CONNECT and OPTIONS * are refused, and the service lives on', async () => {
      const port = mesh.envoy.port('normalized');
      expect((await send(port, 'closed.example:443', { method: 'CONNECT' })).status).toBeGreaterThanOrEqual(400);
      expect((await send(port, '*', { method: 'OPTIONS' })).status).toBeGreaterThanOrEqual(400);
      expect((await send(port, '/open/1')).status).toBe(200);
      expect(mesh.ostiary().exitCode()).toBeUndefined();
    });
  },
);
