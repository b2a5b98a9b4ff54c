import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { api, documentsFolder } from './documents.ts';
import { startIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';

const protectedBy = (jwksUrl: string, issuer: string) => {
  const config = { jwtKeyOrigin: 'jwks', jwksUrl, algorithms: ['RS256'], issuer, skipClientIdValidation: true };
  return documentsFolder([api('tokens', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] })]);
};

/** The status that Envoy would give; 200 for an allow. */
async function statusOf({ apiUrl }: Pick<RealOstiary, 'apiUrl'>, token: string): Promise<number> {
  const http = { method: 'GET', path: '/tokens/1', host: 'a', headers: { authorization: `Bearer ${token}` } };
  const answer = await fetch(`${apiUrl}/envoy.service.auth.v3.Authorization/Check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ attributes: { request: { http } } }),
  });
  const { status, deniedResponse } = (await answer.json()) as {
    status?: { code?: number };
    deniedResponse?: { status: { code: string } };
  };
  if ((status?.code ?? 0) === 0) return 200;
  return deniedResponse?.status.code === 'ServiceUnavailable' ? 503 : 401;
}

/** Started and not waited for. */
async function starting(policies: string, ...args: string[]) {
  const admin = `127.0.0.1:${await freePort()}`;
  const addresses = ['--listen=127.0.0.1:0', `--admin-listen=${admin}`, '--api-listen=127.0.0.1:0'];
  const ostiary = await runOstiary(['serve', '--policies', policies, ...addresses, ...args]);
  const readiness = async () => (await fetch(`http://${admin}/readyz`)).status;
  await expect.poll(() => readiness().catch(() => 0), { timeout: 20_000 }).not.toBe(0);
  return { ...ostiary, readiness };
}

describe.each([{ flags: [] }, { flags: ['--workers', '2'] }])('a start with the flags $flags', ({ flags }) => {
  test('waits for its key sets, and no longer than --ready-wait for an issuer that is dead', async () => {
    const policies = protectedBy(`http://127.0.0.1:${await freePort()}/jwks.json`, 'x');
    const ostiary = await starting(policies, '--ready-wait', '3s', ...flags);
    expect(await ostiary.readiness()).toBe(503);
    await expect.poll(() => ostiary.readiness(), { timeout: 20_000 }).toBe(200);
    await expect.poll(() => ostiary.output(), { timeout: 5000 }).toContain('ready without a key set');
    await ostiary.stop();
    expect(ostiary.exitCode()).toBe(0);
  }, 40_000);

  test('answers with keys from the first moment that it is ready', async () => {
    const issuer = await startIssuer();
    const ostiary = await startOstiary({ policies: protectedBy(issuer.jwksUrl, issuer.url), args: flags });
    expect(await statusOf(ostiary, await issuer.token({}))).toBe(200);
    await ostiary.stop();
    await issuer.close();
  }, 40_000);
});

test('SIGTERM while it waits for key sets ends it, and with 0', async () => {
  const policies = protectedBy(`http://127.0.0.1:${await freePort()}/jwks.json`, 'x');
  const ostiary = await starting(policies, '--ready-wait', '60s', '--drain-delay', '0s', '--drain', '1s');
  await sleep(500);
  expect(await ostiary.readiness()).toBe(503);
  ostiary.signal('SIGTERM');
  expect(await ostiary.exited).toBe(0);
  expect(ostiary.output()).not.toContain('ready without');
});

test('a key set that was kept on disk verifies tokens while its issuer is away at the start', async () => {
  const folder = join(scratchFolder('kept'), 'keys');
  const issuer: Issuer = await startIssuer();
  const policies = protectedBy(issuer.jwksUrl, issuer.url);
  const token = await issuer.token({});
  const args = ['--key-set-folder', folder, '--ready-wait', '4s'];
  const first = await startOstiary({ policies, args });
  expect(await statusOf(first, token)).toBe(200);
  await first.stop();
  await issuer.close();

  const without = await startOstiary({ policies, args: ['--ready-wait', '0s'] });
  expect(await statusOf(without, token)).toBe(503);
  await without.stop();
  const second = await startOstiary({ policies, args });
  expect(await statusOf(second, token)).toBe(200);
  expect(await (await fetch(`${second.adminUrl}/readyz`)).json()).toMatchObject({
    keySets: [{ url: issuer.jwksUrl, stored: true, failing: true, keys: 1 }],
  });
  await expect.poll(() => second.output(), { timeout: 5000 }).toContain('key set taken from disk');
  await second.stop();
}, 40_000);
