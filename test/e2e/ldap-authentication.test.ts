import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PEOPLE } from '../ldap/people.ts';
import { partOrSkip } from '../real/parts.ts';
import { SERVICE, startSlapd } from '../real/slapd.ts';
import type { RealSlapd } from '../real/slapd.ts';
import { api, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const parts = [await partOrSkip('envoy'), await partOrSkip('slapd'), await partOrSkip('openssl')];

const STAFF = 'CN=staff, OU=groups, DC=example, DC=com';

describe.skipIf(parts.includes(undefined))('users of a real directory, through a real Envoy', () => {
  let slapd: RealSlapd;
  let mesh: Mesh;
  beforeAll(async () => {
    slapd = await startSlapd(PEOPLE);
    const config = {
      ldapServerURL: `ldap://localhost:${slapd.port}`,
      authoritiesFile: 'ca.pem',
      ldapServerUserDn: SERVICE.dn,
      ldapServerUserPassword: '$LDAP_PASSWORD',
      ldapSearchBase: 'ou=people,dc=example,dc=com',
    };
    const ldap = (more: object, fields: object = {}) => ({
      policies: [{ policyRef: { name: 'ldap-authentication' }, config: { ...config, ...more }, ...fields }],
    });
    const policies = documentsFolder([
      api(
        'orders',
        ldap({
          attributes: [{ claim: 'mail', attribute: 'mail' }],
          claimsToHeaders: [{ claim: 'mail', header: 'x-mail' }],
        }),
      ),
      api('secure', ldap({ ldapServerURL: `ldaps://localhost:${slapd.tlsPort}`, forwardCredentials: true })),
      api('staff', ldap({ groups: { attribute: 'memberOf' }, requiredGroups: [STAFF] })),
      api('lenient', ldap({}, { onFailure: 'allow' })),
    ]);
    copyFileSync(slapd.caFile, join(policies, 'ca.pem'));
    const args = ['--egress-allow', 'localhost', '--log-level', 'debug', '--log-allow-rate', '1'];
    mesh = await startMesh({ policies, args, env: { LDAP_PASSWORD: SERVICE.password }, timeoutMs: 5000 });
  });
  afterAll(() => Promise.all([mesh?.stop(), slapd?.stop()]));

  const basic = (name: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
  });
  const call = (
    path: string,
    name: string,
    password = `${name}-password`,
    front: 'normalized' | 'raw' = 'normalized',
  ) => send(mesh.envoy.port(front), path, { headers: { ...basic(name, password), 'x-ostiary-user': 'root' } });
  const status = async (...given: Parameters<typeof call>) => (await call(...given)).status;

  test.each(['normalized', 'raw'] as const)(
    'pass with their own password, and the upstream learns who: %s',
    async (front) => {
      const { headers } = echoOf(await call('/orders/1', 'BOB', 'bob-password', front));
      expect(headers).toMatchObject({ 'x-ostiary-user': 'bob', 'x-mail': 'bob@example.com' });
      expect(headers).not.toHaveProperty('authorization');
      const secure = echoOf(await call('/secure/1', 'ümlaut', 'pässwörd', front));
      expect(secure.headers).toHaveProperty('authorization');
    },
  );

  test.each(['normalized', 'raw'] as const)('are refused alike, whatever is wrong: %s', async (front) => {
    const none = await send(mesh.envoy.port(front), '/orders/1');
    expect(none).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="ostiary", charset="UTF-8"' },
    });
    for (const [name, password] of [
      ['bob', 'x'],
      ['nobody', 'x'],
      ['bob', ''],
      ['*', 'bob-password'],
      ['*)(uid=*', 'x'],
      ['bob', 'x'.repeat(5000)],
    ] as const) {
      const answer = await call('/orders/1', name, password, front);
      expect([name, answer.status, answer.body]).toEqual([name, 401, none.body]);
    }
  });

  test('are refused where they are not in the group', async () => {
    expect(await status('/staff/1', 'alice')).toBe(200);
    expect(await status('/staff/1', 'bob')).toBe(403);
    expect(await status('/staff/1', 'bob', 'x')).toBe(401);
  });

  test('with a wrong password are asked for once in a while, and with a right one too', async () => {
    const binds = () => slapd.log().match(/BIND dn="uid=alice,/g)?.length ?? 0;
    expect(await status('/orders/1', 'alice')).toBe(200);
    const before = binds();
    for (let i = 0; i < 50; i++) {
      expect(await status('/orders/1', 'alice')).toBe(200);
      expect(await status('/orders/1', 'alice', 'guess')).toBe(401);
    }
    // One for the guess, and another where five seconds are over.
    expect(binds() - before).toBeLessThan(10);
  });

  test('wait for a directory that is away, but for those who are known', async () => {
    expect(await status('/orders/1', 'alice')).toBe(200);
    await slapd.kill();
    try {
      expect(await status('/orders/1', 'alice')).toBe(200);
      const away = await call('/orders/1', 'alice', 'another');
      expect(away).toMatchObject({ status: 503, headers: { 'retry-after': expect.any(String) } });
      expect(await status('/lenient/1', 'alice', 'another')).toBe(200);
      await expect.poll(() => mesh.ostiary().output().includes('ECONNREFUSED')).toBe(true);
    } finally {
      await slapd.restart();
    }
    await expect.poll(() => status('/orders/1', 'star*(x)\\', 'star-password'), { timeout: 15_000 }).toBe(200);
    expect(await status('/orders/1', 'alice', 'another')).toBe(401);
  });

  test('leave no password in the log', () => {
    const output = mesh.ostiary().output();
    expect(output.includes('"reason":"user_rejected"')).toBe(true);
    for (const secret of [
      '-password',
      'guess',
      'another',
      'pässwörd',
      Buffer.from('alice:alice-password').toString('base64'),
    ])
      expect([secret, output.includes(secret)]).toEqual([secret, false]);
  });
});
