import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { send } from './request.ts';

const envoy = await partOrSkip('envoy');

const authorization = (rules: readonly object[], fields: object = {}) => ({
  policyRef: { name: 'authorization' },
  config: { rules },
  ...fields,
});
const documents = [
  api('files', {
    policies: [
      authorization([
        { allow: "request.method in ['GET', 'HEAD'] && request.query.token == 'known'" },
        { description: 'no admin', deny: "request.relativePath.startsWith('/admin')" },
        { deny: "request.headers.exists(name, name == 'x-debug')" },
      ]),
    ],
  }),
  api('guarded', {
    policies: [
      authorization([{ allow: "request.headers['x-team'] == 'admin'" }], { when: "request.relativePath != '/public'" }),
    ],
  }),
  api('owned', {
    policies: [
      { policyRef: { name: 'header-injection' }, config: { inboundHeaders: [{ key: 'x-role', value: 'guest' }] } },
      authorization([{ allow: "request.headers['x-role'] == 'admin'" }], { order: 60 }),
    ],
  }),
];

describe.skipIf(envoy === undefined)('authorization by CEL behind a real Envoy', () => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await startMesh({ policies: documentsFolder(documents) });
  });
  afterAll(() => mesh?.stop());

  describe.each(['normalized', 'raw'] as const)('with headers sent %s', (front) => {
    const status = async (path: string, options: Parameters<typeof send>[2] = {}) =>
      (await send(mesh.envoy.port(front), path, options)).status;

    test('admits what a rule allows and no rule denies', async () => {
      expect(await status('/files/1?token=known')).toBe(200);
      expect(await status('/files/1?token=known', { method: 'HEAD' })).toBe(200);
      expect(await status('/files/1?token=known', { headers: { 'x-debug': '1' } })).toBe(403);
      expect(await status('/files/1?token=known', { method: 'DELETE' })).toBe(403);
    });

    test('tells the caller nothing of the rules', async () => {
      const answer = await send(mesh.envoy.port(front), '/files/admin?token=known');
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toEqual({ error: 'Access is denied.' });
      expect(JSON.stringify(answer.headers)).not.toContain('admin');
      await expect.poll(() => mesh.ostiary().output()).toContain('rules[1] (no admin) denies');
    });

    test('denies what fails', async () => {
      for (const path of [
        '/files/1',
        '/files/1?token=known&token=known',
        '/files/1?token=other',
        '/files/1?TOKEN=known',
      ]) {
        expect([path, await status(path)]).toEqual([path, 403]);
      }
    });

    test('is slipped past by no spelling of a path', async () => {
      const spellings = [
        '/files/admin',
        '/files//admin',
        '/files/%61dmin',
        '/files/x/../admin',
        '/files/admin;a=1',
        '/files/./admin/',
      ];
      for (const path of spellings) expect([path, await status(`${path}?token=known`)]).not.toEqual([path, 200]);
    });

    test('applies where its condition holds or is in doubt', async () => {
      expect(await status('/guarded/public')).toBe(200);
      for (const path of ['/guarded/public/', '/guarded/public;a', '/guarded/public/x', '/guarded/1']) {
        expect([path, await status(path)]).toEqual([path, 403]);
      }
      expect(await status('/guarded/1', { headers: { 'x-team': 'admin' } })).toBe(200);
      expect(await status('/guarded/1', { headers: { 'x-team': ['admin', 'admin'] } })).toBe(403);
    });

    test('sees headers as the upstream will', async () => {
      for (const name of ['x-role', 'X-Role', 'x_role']) {
        expect([name, await status('/owned/1', { headers: { [name]: 'admin' } })]).toEqual([name, 403]);
      }
    });
  });
});
