import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { runOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startUp } from '../real/up.ts';
import type { RealUp } from '../real/up.ts';

const ENFORCED = [{ policyRef: { name: 'client-id-enforcement' } }];
const PLAIN = 'only-the-file-and-its-process-know-this';
const VARIABLE = 'kept-in-the-environment';

const FILES = {
  'orders.json': document('Api', 'orders', { basePath: '/orders', policies: ENFORCED }),
  'clients.json': [
    document('ClientApplication', 'shop', { clientId: 'shop', clientSecret: { value: PLAIN } }),
    document('ClientApplication', 'env', { clientId: 'env', clientSecret: { value: '$OF_THE_PROCESS' } }),
    document('ClientApplication', 'file', { clientId: 'file', clientSecret: { file: 'secret.txt' } }),
    ...['shop', 'env', 'file'].map((name) =>
      document('Contract', `${name}-orders`, { api: 'orders', clientApplication: name, status: 'approved' }),
    ),
  ],
  'secret.txt': 'the-secret-of-a-file',
};

describe('everything in one process', { timeout: 60_000 }, () => {
  const folder = scratchFolder('up');
  const dataDir = join(folder, 'data');
  const policies = writeFolder(FILES, join(folder, 'policies'));
  const start = (...args: string[]) => startUp({ dataDir, policies, args, env: { OF_THE_PROCESS: VARIABLE } });
  let up: RealUp;
  beforeAll(async () => {
    up = await start();
  });
  afterAll(() => up?.stop());

  const ostiary = (...argv: string[]) => runMain(argv, up.env);
  const apply = (...documents: object[]) =>
    ostiary('apply', '-f', writeFolder({ 'a.json': documents }), '--wait', '5s');
  const write = (name: string, content: object) => writeFileSync(join(policies, name), JSON.stringify(content));

  /** As Envoy asks, so that workers answer where there are some. */
  async function codeOf(clientId: string, secret: string, path = '/orders/1'): Promise<number> {
    const client = new Client(up.listen, credentials.createInsecure());
    const http = { method: 'GET', path, host: 'x', headers: { client_id: clientId, client_secret: secret } };
    const request = create(CheckRequestSchema, { attributes: { request: { http } } });
    try {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        const bytes = (value: Buffer) => value;
        const asked = Buffer.from(toBinary(CheckRequestSchema, request));
        client.makeUnaryRequest(CHECK_PATH, bytes, bytes, asked, (error, value) =>
          error === null ? resolve(value ?? Buffer.alloc(0)) : reject(error),
        );
      });
      const { httpResponse } = fromBinary(CheckResponseSchema, answer);
      return httpResponse.case === 'deniedResponse' ? (httpResponse.value.status?.code ?? 0) : 200;
    } finally {
      client.close();
    }
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const end = performance.now() + 15_000; !(await holds()); await sleep(20)) {
      if (performance.now() > end) throw new Error(`${what} did not come: ${up.output().slice(-3000)}`);
    }
  }
  const untilTold = (text: string) => until(`"${text}"`, async () => up.output().includes(text));

  test('enforces the documents in files, with their secrets from variables and files', async () => {
    expect(await codeOf('shop', PLAIN)).toBe(200);
    expect(await codeOf('env', VARIABLE)).toBe(200);
    expect(await codeOf('file', 'the-secret-of-a-file')).toBe(200);
    expect(await codeOf('shop', 'guessed')).toBe(401);
  });

  test('shows them in the control plane, each with its file and without its secret', async () => {
    await until('all of them', async () => (await ostiary('get', 'contracts')).stdout.includes('file-orders'));
    const { stdout } = await ostiary('get', 'apis', '-o', 'wide');
    expect(stdout).toMatch(/orders +.* files +\d+ +\S+policies\/orders\.json/);
    const apps = (await ostiary('get', 'apps', '-o', 'yaml')).stdout;
    expect(apps).toContain('$OF_THE_PROCESS');
    expect(apps).toContain('secret.txt');
    expect(apps).not.toMatch(/only-the-file|kept-in-the-environment/);
    const stored = ['control.db', 'control.db-wal'].map((name) => readFileSync(join(dataDir, name), 'latin1')).join('');
    expect(stored).toContain('shop-orders');
    expect(stored).not.toContain(PLAIN);
  });

  test('answers what an administrator asks it by way of the control plane, as a sidecar elsewhere does', async () => {
    const http = {
      method: 'GET',
      path: '/orders/1',
      host: 'x',
      headers: { client_id: 'shop', client_secret: 'guessed' },
    };
    const response = await fetch(`${up.controlUrl}/ostiary.v1.SidecarService/AskSidecar`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${up.env.OSTIARY_TOKEN}` },
      body: JSON.stringify({ node: 'up', explain: { check: { attributes: { request: { http } } } } }),
    });
    expect(await response.text()).toContain('client_rejected');
    expect(response.status).toBe(200);
  });

  test('prints lines to try, which run as they are in a new terminal', async () => {
    const [, first = '', then = ''] = /first:\n(.*?)then try:\n(.*)/s.exec(up.output()) ?? [];
    const lines = then.split('\n').filter((line) => /ostiary -- |main\.ts /.test(line) && !line.includes('FILE'));
    expect(lines).toHaveLength(3);
    const script = `set -e\n${first}${lines.join('\n')}`.replaceAll(/^ *node /gm, `'${process.execPath}' `);
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { env: { PATH: process.env['PATH'] } });
    expect(stdout).toMatch(/NAMESPACE.*orders.*1 of 1 enforce.*api\/orders/s);
    expect(up.output()).toContain('"detail":"as up; scope: everything"');
  });

  test('takes what is made in the control plane beside them: an application, and a contract with an API in a file', async () => {
    expect(
      await apply(
        document('ClientApplication', 'web', { clientId: 'web', clientSecret: { value: 'the-secret-of-web' } }),
        document('Contract', 'web-orders', { api: 'orders', clientApplication: 'web', status: 'pending' }),
      ),
    ).toMatchObject({ code: 0, stdout: expect.stringMatching(/1 of 1 sidecars enforce revision/) as unknown });
    expect(await codeOf('web', 'the-secret-of-web')).toBe(401);
    expect((await ostiary('contract', 'approve', 'web-orders', '--wait', '5s')).code).toBe(0);
    expect(await codeOf('web', 'the-secret-of-web')).toBe(200);
    expect((await ostiary('contract', 'revoke', 'web-orders', '--wait', '5s')).code).toBe(0);
    expect(await codeOf('web', 'the-secret-of-web')).toBe(401);
    expect((await ostiary('contract', 'restore', 'web-orders', '--wait', '5s')).code).toBe(0);
  });

  test('refuses to write what stands in a file, and says in which', async () => {
    const message = /Api default\/orders stands in the file \S+policies\/orders\.json: change it there/;
    expect((await apply(document('Api', 'orders', { basePath: '/other' }))).stderr).toMatch(message);
    expect((await ostiary('delete', 'api', 'orders')).stderr).toMatch(message);
    expect((await ostiary('contract', 'revoke', 'shop-orders')).stderr).toMatch(/policies\/clients\.json/);
    expect(await codeOf('shop', PLAIN)).toBe(200);
  });

  test('lets nobody read its variables and files by a document of the control plane', async () => {
    const reading = document('ClientApplication', 'thief', {
      clientId: 'thief',
      clientSecret: { value: '$OF_THE_PROCESS' },
    });
    await ostiary('apply', '-f', writeFolder({ 'a.json': [reading] }), '--wait', '300ms');
    expect(await codeOf('thief', VARIABLE)).toBe(401);
    expect((await ostiary('delete', 'app', 'thief', '--wait', '5s')).code).toBe(0);
    const file = { file: join(policies, 'secret.txt') };
    const opening = document('ClientApplication', 'opener', { clientId: 'opener', clientSecret: file });
    expect((await apply(opening)).code).toBe(1);
    expect(await codeOf('opener', 'the-secret-of-a-file')).toBe(401);
  });

  test('follows the files: a change, a new one, one that goes', async () => {
    write('more.json', document('Api', 'more', { basePath: '/more' }));
    await until('the new API', async () => (await codeOf('', '', '/more')) === 200);
    await until('it in the log', async () => (await ostiary('get', 'apis')).stdout.includes('more'));
    write('more.json', document('Api', 'more', { basePath: '/moved' }));
    await until('the change', async () => (await codeOf('', '', '/moved')) === 200);
    expect(await codeOf('', '', '/more')).toBe(403);
    rmSync(join(policies, 'more.json'));
    await until('the end', async () => (await codeOf('', '', '/moved')) === 403);
    await until('its end in the log', async () => !(await ostiary('get', 'apis')).stdout.includes('more'));
  });

  test('leaves a document of the control plane as it is where a file comes with its name, and says so', async () => {
    write('taken.json', document('ClientApplication', 'web', { clientId: 'web', clientSecret: { value: 'another' } }));
    await untilTold('taken.json:1:');
    expect(up.output()).toContain('web: the control plane has a ClientApplication of this name, which stays');
    expect(await codeOf('web', 'the-secret-of-web')).toBe(200);
    expect(await codeOf('web', 'another')).toBe(401);
    rmSync(join(policies, 'taken.json'));
    await until('a name of its own', async () => isSuccessful(up));
  });

  test('holds a faulty file back and nothing else, and takes what others write meanwhile', async () => {
    write('orders.json', document('Api', 'orders', { basePath: 'no slash' }));
    await untilTold('spec.basePath');
    expect(await codeOf('shop', PLAIN)).toBe(200);
    const other = document('ClientApplication', 'late', {
      clientId: 'late',
      clientSecret: { value: 'late-late-late' },
    });
    expect((await apply(other)).code).toBe(0);
    write('orders.json', FILES['orders.json']);
    await until('the end of the fault', async () => isSuccessful(up));
  });

  test('keeps an API whose file goes as long as a contract of the control plane needs it', async () => {
    rmSync(join(policies, 'orders.json'));
    await untilTold('there is no Api of this name');
    expect(await codeOf('web', 'the-secret-of-web')).toBe(200);
    expect((await ostiary('get', 'apis')).stdout).toContain('orders');
    write('orders.json', FILES['orders.json']);
    await until('its return', async () => isSuccessful(up));
  });

  test('refuses a second process in the same folder, and says why', async () => {
    const second = await runOstiary(['up', '--policies', policies, '--data-dir', dataDir], {
      OF_THE_PROCESS: VARIABLE,
    });
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(/control\.db is used by another process: end that one, or name another folder/);
  });

  test('is the same after it was killed, by one process as by several', async () => {
    await up.kill();
    up = await start('--workers', '2');
    expect(await codeOf('web', 'the-secret-of-web')).toBe(200);
    expect(await codeOf('env', VARIABLE)).toBe(200);
    expect((await ostiary('contract', 'revoke', 'web-orders', '--wait', '20s')).stdout).toContain('1 of 1 sidecars');
    expect(await codeOf('web', 'the-secret-of-web')).toBe(401);
    expect((await ostiary('audit', 'verify')).code).toBe(0);
    expect((await ostiary('sidecars')).stdout).toMatch(/^up +in sync/m);
  });
});

async function isSuccessful(up: RealUp): Promise<boolean> {
  const { documents } = (await (await fetch(`${up.adminUrl}/readyz`)).json()) as { documents: { successful: boolean } };
  return documents.successful;
}
