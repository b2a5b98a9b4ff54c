import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hashPassword } from '../../src/password/make-hash.ts';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const PLAIN = ['hunter2-the-first', 'hunter2-the-second', 'of-the-environment-4711', 'of-a-file-4712'] as const;
const [FIRST, SECOND, OF_ENVIRONMENT, OF_FILE] = PLAIN;

const guarded = (name: string, password: string) =>
  document('Api', name, {
    basePath: `/${name}`,
    policies: [{ policyRef: { name: 'http-basic-authentication' }, config: { username: 'ops', password } }],
  });
const secret = (value: string) => document('Secret', 'ops', { data: { password: { value } } });

/** Everything below a folder, as texts. */
function contentsOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'));
}

describe('secrets of a control plane', () => {
  const folder = scratchFolder('control-secrets');
  const [dataDir, keyFile, secretsDir] = [join(folder, 'data'), join(folder, 'secrets.key'), join(folder, 'mounted')];
  const cacheDir = join(folder, 'cache');
  let control: RealControlPlane;
  let sidecar: RealOstiary;
  const args = (...more: string[]) => [
    '--control',
    control.url,
    '--control-token-file',
    join(folder, 'join-token'),
    '--cache-dir',
    cacheDir,
    '--node-id',
    'sidecar-1',
    '--workers',
    '2',
    ...more,
  ];

  beforeAll(async () => {
    mkdirSync(secretsDir);
    writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    control = await startControlPlane(dataDir, undefined, { args: ['--secrets-key-file', keyFile] });
    const { stdout } = await ostiary('token', 'create', '--sidecar');
    writeFileSync(join(folder, 'join-token'), stdout);
    expect(await apply(secret(FIRST), guarded('a', '${secret:ops/password}'))).toMatchObject({ code: 0 });
    sidecar = await start();
  });
  afterAll(() => Promise.all([sidecar?.stop(), control?.stop()]));

  const start = (...more: string[]) =>
    startOstiary({ policies: folder, args: args(...more), env: { OPS_PASSWORD: OF_ENVIRONMENT, OTHER: 'other' } });
  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  const apply = (...documents: object[]) => applyWithin('10s', ...documents);
  const applyWithin = (wait: string, ...documents: object[]) =>
    ostiary('apply', '-f', writeFolder({ 'a.json': documents }), '--wait', wait);
  const untilToldBySidecars = (what: RegExp) =>
    vi.waitFor(async () => expect((await ostiary('sidecars')).stdout).toMatch(what), 10_000);
  const passes = async (api: string, password: string): Promise<boolean> => {
    const authorization = `Basic ${Buffer.from(`ops:${password}`).toString('base64')}`;
    const http = { method: 'GET', host: 'h.example', path: `/${api}/x`, headers: { authorization } };
    const answer = await fetch(`${sidecar.apiUrl}/envoy.service.auth.v3.Authorization/Check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        attributes: { source: { address: { socketAddress: { address: '10.0.0.1' } } }, request: { http } },
      }),
    });
    return ((await answer.json()) as { status?: { code?: number } }).status?.code === undefined;
  };

  test('a policy uses a Secret, and its next value without a restart, with a receipt', async () => {
    expect([await passes('a', FIRST), await passes('a', SECOND)]).toEqual([true, false]);
    const changed = await apply(secret(SECOND));
    expect(changed.stdout).toMatch(/secret\/ops changed .*\n1 of 1 sidecars enforce/s);
    expect([await passes('a', FIRST), await passes('a', SECOND)]).toEqual([false, true]);
  });

  test('no command shows a value', async () => {
    const shown = await Promise.all([
      ostiary('get', 'secrets'),
      ostiary('get', 'secret', 'ops', '-o', 'yaml'),
      ostiary('get', 'secret', 'ops', '-o', 'json'),
      ostiary('describe', 'secret', 'ops'),
      ostiary('diff', '-f', writeFolder({ 'a.json': [secret(FIRST)] })),
      ostiary('audit', '-o', 'json'),
      ostiary('audit'),
    ]);
    const text = shown.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    expect(text).toMatch(/default +ops +password/);
    expect(text).toMatch(/digest: "?[0-9a-f]{16}/);
    for (const plain of PLAIN) expect(text).not.toContain(plain);
    // What was got may be applied again.
    const [, yaml] = shown;
    writeFileSync(join(folder, 'again.yaml'), yaml?.stdout ?? '');
    expect((await ostiary('apply', '-f', join(folder, 'again.yaml'))).stdout).toContain('secret/ops unchanged');
    const deleted = await ostiary('delete', 'secret', 'ops');
    expect(deleted.code).toBe(1);
    expect(deleted.stderr).toMatch(/config\.password: there is no Secret of this name/);
  });

  test('an API that reads what the sidecar does not allow is held back, and the fault names the flag', async () => {
    const documents = [guarded('b', '$OPS_PASSWORD'), document('Webhook', 'hook', { url: { file: 'hook-url' } })];
    const applied = await applyWithin('100ms', ...documents);
    expect(applied.code).toBe(3);
    expect(applied.stderr).toMatch(/warning: .*password: is the environment variable OPS_PASSWORD of each sidecar/);
    await untilToldBySidecars(
      /Api b, .*password: reads the environment variable OPS_PASSWORD.*--allow-env OPS_PASSWORD/,
    );
    await untilToldBySidecars(/Webhook hook, .*url: its file: is not read, .*--secrets-dir DIR/);
    // Others are as they were.
    expect([await passes('a', SECOND), await passes('b', OF_ENVIRONMENT)]).toEqual([true, false]);
    await sidecar.stop();
    writeFileSync(join(secretsDir, 'hook-url'), 'https://hooks.example.com/x');
    sidecar = await start('--allow-env', 'OPS_PASSWORD', '--secrets-dir', secretsDir);
    await vi.waitFor(async () => expect(await passes('b', OF_ENVIRONMENT)).toBe(true), 10_000);
    await untilToldBySidecars(/in sync/);
    expect((await applyWithin('100ms', guarded('c', '${OTHER}'))).code).toBe(3);
    await untilToldBySidecars(/--allow-env OTHER/);
    expect((await ostiary('delete', 'api', 'c', '--wait', '10s')).code).toBe(0);
  });

  test('a file below --secrets-dir is read again when it changes, and nothing outside of it', async () => {
    const client = (file: string) => document('ClientApplication', 'web', { clientId: 'web', clientSecret: { file } });
    const api = document('Api', 'd', {
      basePath: '/d',
      policies: [{ policyRef: { name: 'http-basic-authentication' }, config: { files: ['users'] } }],
    });
    expect((await applyWithin('100ms', api)).code).toBe(3);
    await untilToldBySidecars(/users: there is no such file/);
    writeFileSync(join(secretsDir, 'users'), `ops:${hashPassword(OF_FILE)}\n`);
    await vi.waitFor(async () => expect(await passes('d', OF_FILE)).toBe(true), 10_000);
    // It is told that all is in force now.
    await untilToldBySidecars(/sidecar-1 +in sync/);
    writeFileSync(join(secretsDir, 'users'), `ops:${hashPassword(FIRST)}\n`);
    await vi.waitFor(async () => expect(await passes('d', OF_FILE)).toBe(false), 10_000);
    expect(await passes('d', FIRST)).toBe(true);
    expect((await apply(client('../secrets.key'))).stderr).toMatch(/clientSecret\.file: .*without "\.\."/);
  });

  test('values are nowhere on a disk or in a log, but encrypted', async () => {
    const backup = join(folder, 'backup.gz');
    const texts = [...contentsOf(dataDir), ...contentsOf(cacheDir), control.output(), sidecar.output()];
    expect(texts.join('')).toContain('sealed');
    await control.stop();
    const backingUp = await runOstiary(['control', 'backup', backup, '--data-dir', dataDir]);
    await backingUp.exited;
    const { gunzipSync } = await import('node:zlib');
    texts.push(gunzipSync(readFileSync(backup)).toString('latin1'), ...contentsOf(dataDir));
    for (const text of texts) {
      for (const plain of PLAIN) {
        expect(text.includes(plain)).toBe(false);
        expect(text.includes(Buffer.from(plain).toString('base64').slice(0, 16))).toBe(false);
      }
    }
  });

  test('the control plane does not start without the key, with another one, or with one that others may read', async () => {
    const refused = async (...more: string[]): Promise<string> => {
      const process = await runOstiary(['control', '--data-dir', dataDir, '--control-listen', '127.0.0.1:0', ...more]);
      expect(await process.exited).toBe(1);
      return process.output();
    };
    expect(await refused()).toMatch(/the Secret default\/ops is encrypted: give --secrets-key-file FILE/);
    const other = join(folder, 'other.key');
    writeFileSync(other, randomBytes(32).toString('base64'), { mode: 0o600 });
    expect(await refused('--secrets-key-file', other)).toMatch(
      /encrypted with a key that is not in it \(id [0-9a-f]{8}\)/,
    );
    chmodSync(keyFile, 0o644);
    expect(await refused('--secrets-key-file', keyFile)).toMatch(/others may read or write it: chmod 600/);
    writeFileSync(other, 'c2hvcnQ=\n');
    expect(await refused('--secrets-key-file', other)).toMatch(/line 1: expected 32 bytes in base64: openssl rand/);
  });
});
