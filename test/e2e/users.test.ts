import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');

/** Of `hunter2`. */
const HASH = '$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.';
/** The same with a cost at which one check takes a tenth of a second or more. */
const SLOW = HASH.replace('$05$', '$10$');

const policy = (config: object) => ({ policies: [{ policyRef: { name: 'http-basic-authentication' }, config }] });
const documents = [
  api('one', policy({ username: 'chris', password: '$PASSWORD', realm: 'shop' })),
  api('many', policy({ files: ['users.htpasswd'] })),
  api(
    'guessed',
    policy({ users: Array.from({ length: 20 }, (_, i) => ({ username: `user-${i}`, passwordHash: `$${SLOW}` })) }),
  ),
  api('open'),
];

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

describe.skipIf(envoy === undefined)('users with passwords behind a real Envoy', () => {
  let mesh: Mesh;
  let folder = '';
  beforeAll(async () => {
    folder = documentsFolder(documents);
    writeFileSync(join(folder, 'users.htpasswd'), `ann:${HASH}\nzoë:${HASH}\n`);
    mesh = await startMesh({ policies: folder, env: { PASSWORD: 'päss:wörd' } });
  });
  afterAll(() => mesh?.stop());

  describe.each(['normalized', 'raw'] as const)('with headers sent %s', (front) => {
    const port = () => mesh.envoy.port(front);

    test('pass, and the upstream hears who they are and not their password', async () => {
      for (const [path, user, password] of [
        ['/one/1', 'chris', 'päss:wörd'],
        ['/many/1', 'ann', 'hunter2'],
      ] as const) {
        const headers = { ...basic(user, password), 'x-ostiary-user': 'root', X_Ostiary_User: 'root' };
        const echo = echoOf(await send(port(), path, { headers }));
        expect(echo.headers).toMatchObject({ 'x-ostiary-user': user });
        expect(Object.keys(echo.headers).filter((name) => /^(?:authorization|x_ostiary)/i.test(name))).toEqual([]);
      }
      expect((await send(port(), '/many/1', { headers: basic('zoë', 'hunter2') })).status).toBe(200);
    });

    test('get the same 401 whatever is wrong', async () => {
      const wrong = [
        {},
        basic('ann', 'wrong'),
        basic('nobody', 'hunter2'),
        basic('ann', `hunter2${'x'.repeat(70)}`),
        { authorization: 'Basic !!!' },
        { authorization: [basic('ann', 'hunter2').authorization, basic('ann', 'hunter2').authorization] },
        { authorization: ['Bearer x', basic('ann', 'hunter2').authorization] },
      ];
      const answers = await Promise.all(wrong.map((headers) => send(port(), '/many/1', { headers })));
      expect(answers.map(({ status }) => status)).toEqual(wrong.map(() => 401));
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
      for (const { headers } of answers)
        expect(headers['www-authenticate']).toBe('Basic realm="ostiary", charset="UTF-8"');
      expect((await send(port(), '/one/1')).headers['www-authenticate']).toBe('Basic realm="shop", charset="UTF-8"');
    });
  });

  test('are those of the file as it is now', async () => {
    const status = async (user: string) =>
      (await send(mesh.envoy.port('raw'), '/many/1', { headers: basic(user, 'hunter2') })).status;
    expect(await status('ann')).toBe(200);
    writeFileSync(join(folder, 'new.tmp'), `bob:${HASH}\n`);
    renameSync(join(folder, 'new.tmp'), join(folder, 'users.htpasswd'));
    await expect.poll(() => status('ann'), { timeout: 10_000 }).toBe(401);
    expect(await status('bob')).toBe(200);
    writeFileSync(join(folder, 'users.htpasswd'), 'bob:$apr1$r31....$HqJZimcKQFAMYayBlzkrA/\n');
    await expect
      .poll(() => mesh.ostiary().output(), { timeout: 10_000 })
      .toContain('users.htpasswd:1:1: the hash is MD5');
    expect(await status('bob')).toBe(200);
  });

  test('who guess hold up nobody but themselves', async () => {
    const port = mesh.envoy.port('raw');
    expect((await send(port, '/one/1', { headers: basic('chris', 'päss:wörd') })).status).toBe(200);
    const end = performance.now() + 3000;
    const guesses: number[] = [];
    const guesser = async (start: number) => {
      for (let i = start; performance.now() < end; i++) {
        guesses.push((await send(port, '/guessed/1', { headers: basic(`user-${i % 20}`, `guess-${i}`) })).status);
      }
    };
    const attack = Promise.all(Array.from({ length: 100 }, (_, i) => guesser(i * 100_000)));
    let others = 0;
    while (performance.now() < end) {
      expect((await send(port, '/open/1')).status).toBe(200);
      expect((await send(port, '/one/1', { headers: basic('chris', 'päss:wörd') })).status).toBe(200);
      others += 2;
    }
    await attack;
    expect(others).toBeGreaterThan(0);
    // None is let in, and most are told to come back without a hash.
    expect(guesses.filter((status) => status === 200)).toEqual([]);
    expect(guesses.filter((status) => status === 503).length).toBeGreaterThan(
      guesses.filter((status) => status === 401).length,
    );
  }, 60_000);
});
