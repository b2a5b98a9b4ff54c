import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { send } from './request.ts';

const envoyPart = await partOrSkip('envoy');

const POLICIES = [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }];
const DOCUMENTS = [
  document('Api', 'orders', { basePath: '/orders', policies: POLICIES }),
  document('ClientApplication', 'web', { clientId: 'web', clientSecret: { value: 'the-secret-of-web' } }),
  document('Contract', 'web-orders', { api: 'orders', clientApplication: 'web', status: 'pending' }),
];
const CREDENTIALS = { headers: { client_id: 'web', client_secret: 'the-secret-of-web' } };

describe.skipIf(envoyPart === undefined)('a sidecar of a control plane, beside a real Envoy', () => {
  const folder = scratchFolder('control-sidecar');
  const dataDir = join(folder, 'data');
  let control: RealControlPlane;
  let sidecar: RealOstiary;
  let envoy: RealEnvoy;
  let upstream: Upstream;
  let flags: readonly string[];
  let listen: string;

  beforeAll(async () => {
    control = await startControlPlane(dataDir);
    upstream = await startUpstream();
    const { code, stdout } = await ostiary('token', 'create', '--sidecar', '--name', 'test');
    expect(code).toBe(0);
    const tokenFile = join(folder, 'join-token');
    writeFileSync(tokenFile, stdout);
    const port = await freePort();
    listen = `127.0.0.1:${port}`;
    const following = [
      '--control',
      control.url,
      '--control-token-file',
      tokenFile,
      '--cache-dir',
      join(folder, 'cache'),
    ];
    flags = [...following, '--node-id', 'sidecar-1'];
    await apply();
    sidecar = await startOstiary({ policies: folder, listen, args: flags });
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 2000,
        accessLog: false,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
  });
  afterAll(() => Promise.all([envoy?.stop(), sidecar?.stop(), control?.stop(), upstream?.close()]));

  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  const apply = () => ostiary('apply', '-f', writeFolder({ 'a.json': DOCUMENTS }));
  const status = async () => (await send(envoy.port('in'), '/orders/1', CREDENTIALS)).status;

  test('lets a client pass once its contract is approved, and no longer once it is revoked, with receipts', async () => {
    expect(await status()).toBe(401);
    const approved = await ostiary('contract', 'approve', 'web-orders', '--wait', '5s');
    expect(approved).toMatchObject({ code: 0 });
    expect(approved.stdout).toMatch(/1 of 1 sidecars enforce revision \d+ after \d+ ms/);
    // The receipt is the proof: nothing has to be waited for.
    expect(await status()).toBe(200);

    const revoked = await ostiary('contract', 'revoke', 'web-orders', '--wait', '5s', '-o', 'json');
    const { receipt } = JSON.parse(revoked.stdout) as { receipt: object };
    expect(receipt).toMatchObject({ enforced: 1, pending: [], unreachable: [] });
    expect(await status()).toBe(401);
    expect((await ostiary('sidecars')).stdout).toMatch(/sidecar-1 +in sync/);
  });

  test('answers what an administrator asks it by way of the control plane', async () => {
    const secret = CREDENTIALS.headers.client_secret;
    const credentials = ['--header', 'client_id: web', '--header', `client_secret: ${secret}`];
    const asked = ['--path', '/orders/1', ...credentials, '--node', 'sidecar-1'];
    const explained = await ostiary('check', ...asked);
    expect([explained.code, explained.stdout]).toEqual([1, expect.stringMatching(/^deny 401 .*\n +api +orders/)]);
    expect((await ostiary('check', '--path', '/orders/1', '--node', 'sidecar-1')).stdout).toContain('client id');
    expect((await ostiary('keys', 'refresh', '--node', 'sidecar-1')).stdout).toBe('no key set is in use\n');
    const counters = await ostiary('counters', 'reset', 'orders', '--client', 'web', '--node', 'sidecar-1');
    expect([counters.code, counters.stderr]).toEqual([1, expect.stringContaining('sidecar-1: no quota policy of API')]);
    await expect.poll(() => control.output()).toMatch(/ResetCounters by bootstrap: sidecar-1: no quota policy/);
    expect(control.output() + sidecar.output()).not.toContain(secret);
    // Nothing streams Envoy's log.
    expect(await ostiary('tail', '--node', 'sidecar-1', '--for', '1s')).toMatchObject({ code: 0, stdout: '' });
    const misspelt = await ostiary('check', '--node', 'sidecar-2');
    expect(misspelt.stderr).toMatch(/there is no sidecar "sidecar-2".*sidecar-1/);
    const nobody = await runMain(['check', '--node', 'sidecar-1'], { OSTIARY_SERVER: control.url });
    expect(nobody.stderr).toContain('this needs a token');
    const both = await ostiary('check', '--node', 'sidecar-1', '--api', 'http://127.0.0.1:1');
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('--api is of one service')]);
  });

  test('ends the old secret of a rotation by its own clock, while the control plane is killed', async () => {
    const secretOf = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as { secret: string }).secret;
    const old = secretOf(await ostiary('app', 'create', 'shop', '--client-id', 'shop', '-o', 'json'));
    await ostiary('contract', 'request', '--app', 'shop', '--api', 'orders', '--reason', 'sells');
    expect((await ostiary('contract', 'approve', 'shop-orders', '--wait', '5s')).code).toBe(0);
    const statusBy = async (secret: string) =>
      (await send(envoy.port('in'), '/orders/1', { headers: { client_id: 'shop', client_secret: secret } })).status;
    expect(await statusBy(old)).toBe(200);

    const rotating = ['app', 'rotate-secret', 'shop', '--grace', '3s', '--wait', '5s', '-o', 'json'];
    const rotated = await ostiary(...rotating);
    expect(rotated.code).toBe(0);
    expect([await statusBy(old), await statusBy(secretOf(rotated))]).toEqual([200, 200]);
    await control.stop(0);
    await vi.waitFor(async () => expect(await statusBy(old)).toBe(401), { timeout: 20_000, interval: 200 });
    expect(await statusBy(secretOf(rotated))).toBe(200);
    control = await startControlPlane(dataDir, new URL(control.url).host);
  });

  test('enforces what it had while the control plane is killed, starts without it, and catches up', async () => {
    expect((await ostiary('contract', 'restore', 'web-orders', '--wait', '5s')).code).toBe(0);
    await control.stop(0);
    expect(await status()).toBe(200);
    await sidecar.stop();
    sidecar = await startOstiary({ policies: folder, listen, args: flags });
    expect(await status()).toBe(200);

    control = await startControlPlane(dataDir, new URL(control.url).host);
    expect((await ostiary('contract', 'revoke', 'web-orders', '--wait', '20s')).stdout).toContain('1 of 1 sidecars');
    expect(await status()).toBe(401);
  });

  test('is missing in the receipt while it is away, and no longer once it is forgotten', async () => {
    await sidecar.stop(0);
    expect((await ostiary('check', '--node', 'sidecar-1')).stderr).toMatch(/sidecar-1 (follows no|has (just )?gone)/);
    const missing = await ostiary('contract', 'restore', 'web-orders', '--wait', '200ms');
    expect(missing.code).toBe(3);
    expect(missing.stdout).toContain('sidecar-1');
    expect((await ostiary('sidecars', 'forget', 'sidecar-1')).code).toBe(0);
    expect((await ostiary('contract', 'revoke', 'web-orders', '--wait', '200ms')).stdout).toContain(
      'no sidecar has joined',
    );
  });
});
