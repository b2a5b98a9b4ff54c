import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

const PLAIN = 'hunter2-in-a-closed-network';
const guarded = (name: string, config: object, labels: object = {}) =>
  document(
    'Api',
    name,
    { basePath: `/${name}`, policies: [{ policyRef: { name: 'http-basic-authentication' }, config }] },
    { labels },
  );

describe('a snapshot of a control plane', () => {
  const folder = scratchFolder('control-snapshot');
  const file = (name: string): string => join(folder, name);
  const snapshot = file('orders.snapshot');
  let control: RealControlPlane;
  let sidecar: RealOstiary | undefined;

  beforeAll(async () => {
    mkdirSync(file('none'));
    writeFileSync(file('secrets.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    writeFileSync(file('cache.key'), randomBytes(32).toString('hex'), { mode: 0o600 });
    control = await startControlPlane(file('data'), undefined, {
      args: ['--secrets-key-file', file('secrets.key')],
    });
    await apply(
      document('Secret', 'ops', { data: { password: { value: PLAIN } } }),
      guarded('secret', { username: 'ops', password: '${secret:ops/password}' }, { team: 'ops' }),
      document('Api', 'open', { basePath: '/open', public: true }),
      document('Api', 'other', { basePath: '/other', public: true }, { namespace: 'shop' }),
    );
    const { stdout } = await ostiary('snapshot', 'key');
    writeFileSync(file('control.pub'), stdout);
  });
  afterAll(() => Promise.all([sidecar?.stop(), control?.stop()]));

  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  const apply = async (...documents: object[]): Promise<void> => {
    expect(await ostiary('apply', '-f', writeFolder({ 'a.json': documents }))).toMatchObject({ code: 0 });
  };
  const FOLLOWING = ['--control-snapshot', snapshot, '--control-snapshot-key', file('control.pub')];
  const start = async (...more: string[]): Promise<void> => {
    await sidecar?.stop();
    sidecar = await startOstiary({ policies: folder, args: [...FOLLOWING, ...more] });
  };
  const refused = async (...more: string[]): Promise<string> => {
    const listening = (await Promise.all([freePort(), freePort(), freePort()])).map((port) => `127.0.0.1:${port}`);
    const [listen = '', admin = '', api = ''] = listening;
    const addresses = ['--listen', listen, '--admin-listen', admin, '--api-listen', api];
    const running = await runOstiary(['serve', ...addresses, ...more]);
    expect([1, 2]).toContain(await running.exited);
    return running.output();
  };
  const statusOf = async (path: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`ops:${PLAIN}`).toString('base64')}`;
    const http = { method: 'GET', host: 'h.example', path, headers: { authorization } };
    const source = { address: { socketAddress: { address: '10.0.0.1' } } };
    const answer = await fetch(`${sidecar?.apiUrl}/envoy.service.auth.v3.Authorization/Check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ attributes: { source, request: { http } } }),
    });
    const { deniedResponse } = (await answer.json()) as { deniedResponse?: { status?: { code?: string | number } } };
    if (deniedResponse === undefined) return 200;
    return Number({ Unauthorized: 401, Forbidden: 403, ServiceUnavailable: 503 }[String(deniedResponse.status?.code)]);
  };

  test('is enforced with no control plane, without values that nothing encrypts', async () => {
    const exported = await ostiary('snapshot', 'export', snapshot, '--scope-namespace', 'default');
    expect(exported.stdout).toMatch(/orders\.snapshot holds revision 4, signed with the key [0-9a-f]{16}$/m);
    expect(exported.stderr).toMatch(/without their values.*: the Secrets ops\. .*give --cache-key-file/);
    expect(readFileSync(snapshot, 'latin1')).not.toContain(PLAIN);
    await start('--cache-dir', file('cache'));
    expect([await statusOf('/open'), await statusOf('/secret'), await statusOf('/other')]).toEqual([200, 503, 403]);
  });

  test('holds values encrypted, and takes the place of the one before without a restart', async () => {
    await start('--cache-dir', file('cache-2'), '--cache-key-file', file('cache.key'));
    expect(await statusOf('/secret')).toBe(503);
    const exported = await ostiary('snapshot', 'export', snapshot, '--cache-key-file', file('cache.key'));
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(snapshot, 'latin1')).not.toContain(PLAIN);
    await vi.waitFor(async () => expect(await statusOf('/secret')).toBe(200), 10_000);
    expect(await statusOf('/other')).toBe(200);
    writeFileSync(file('older.snapshot'), readFileSync(snapshot));
  });

  test('is told by inspect, with its documents where they can be read, and the state of its signature', async () => {
    const inspect = (...more: string[]) => ostiary('snapshot', 'inspect', ...more);
    const whole = await inspect(snapshot, '--key', file('control.pub'), '--cache-key-file', file('cache.key'));
    expect(whole.stdout).toMatch(/^Log: +[0-9a-f]{32}$/m);
    expect(whole.stdout).toMatch(/^Revision: +4, written 20\d\d-/m);
    expect(whole.stdout).toMatch(/^Scope: +everything$/m);
    expect(whole.stdout).toMatch(/^Encrypted: +yes$/m);
    expect(whole.stdout).toMatch(/^Documents: +3 Api, 1 Secret$/m);
    expect(whole.stdout).toMatch(/^Signature: +right, by the key [0-9a-f]{16}$/m);
    expect(whole.stdout).toMatch(/^ {2}Api shop\/other$/m);
    const unread = await inspect(snapshot);
    expect(unread.stdout).toMatch(/Encrypted: +yes: give --cache-key-file/);
    expect(unread.stdout).toMatch(/Signature: +not verified: .*give --key FILE/);
    const cache = await inspect(join(file('cache'), 'documents.cache'), '-o', 'json');
    expect(JSON.parse(cache.stdout)).toMatchObject({ revision: 4, signature: 'none', kinds: { Api: 2, Secret: 1 } });
    expect((await inspect(file('control.pub'))).stderr).toMatch(/control\.pub is no snapshot of a control plane/);
    expect((await inspect(snapshot, '--key', file('cache.key'))).stderr).toMatch(/--key .*: expected the public key/);
    expect((await inspect(file('none'))).stderr).toMatch(/is a directory/);
    expect((await ostiary('snapshot', 'inspekt', 'x')).stderr).toMatch(/did you mean "inspect"\?/);
  });

  test('is not started with where it is changed, cut off, signed by others, or older than what is in the cache', async () => {
    const bytes = readFileSync(snapshot);
    const flags = [...FOLLOWING, '--cache-key-file', file('cache.key')];
    writeFileSync(snapshot, bytes.subarray(0, bytes.length - 10));
    expect(await refused(...flags)).toMatch(
      /--control-snapshot .*orders\.snapshot is truncated: it has \d+ of \d+ bytes/,
    );
    writeFileSync(snapshot, Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]));
    expect(await refused(...flags)).toMatch(
      /orders\.snapshot was changed: its documents are not those that were signed/,
    );
    writeFileSync(snapshot, bytes);
    writeFileSync(
      file('other.pub'),
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
    );
    expect(await refused('--control-snapshot', snapshot, '--control-snapshot-key', file('other.pub'))).toMatch(
      /is signed with another key: [0-9a-f]{16}, and [0-9a-f]{16} was expected/,
    );
    expect(await refused(...FOLLOWING)).toMatch(/is encrypted: give --cache-key-file/);
    expect(await refused('--control-snapshot', snapshot)).toMatch(/--control-snapshot needs --control-snapshot-key/);
    expect(await refused(...FOLLOWING, '--control', 'http://127.0.0.1:1')).toMatch(/contradict each other/);
    // What is in force is newer.
    await apply(document('Api', 'new', { basePath: '/new', public: true }));
    await ostiary('snapshot', 'export', snapshot, '--cache-key-file', file('cache.key'));
    const args = ['--cache-dir', file('cache-2'), '--cache-key-file', file('cache.key')];
    await start(...args);
    await vi.waitFor(async () => expect(await statusOf('/new')).toBe(200), 10_000);
    writeFileSync(snapshot, bytes);
    await start(...args);
    await vi.waitFor(
      () => expect(sidecar?.output()).toMatch(/is older than what is in force, revision 4 and not 5/),
      10_000,
    );
    expect(await statusOf('/new')).toBe(200);
    await start(...args, '--allow-older-snapshot');
    await vi.waitFor(async () => expect(await statusOf('/new')).toBe(403), 10_000);
    expect(await statusOf('/secret')).toBe(200);
  });
});
