import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import type { Files } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const api = (name: string, spec: object = {}) =>
  document('Api', name, {
    basePath: `/${name}`,
    policies: [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }],
    ...spec,
  });
const client = document('ClientApplication', 'web', { clientId: 'web', clientSecret: { value: 'the-secret-of-web' } });
const contract = document('Contract', 'web-orders', { api: 'orders', clientApplication: 'web', status: 'approved' });

describe('the commands of the control plane', () => {
  let control: RealControlPlane;
  const dataDir = join(scratchFolder('control'), 'data');

  beforeAll(async () => {
    control = await startControlPlane(dataDir);
  });
  afterAll(() => control?.stop());

  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  const apply = (files: Files, ...flags: string[]) => ostiary('apply', '-f', writeFolder(files), ...flags);

  test('write documents, list them, show them, and delete them', async () => {
    expect(await apply({ 'a.json': [api('orders'), client, contract] }, '--reason', 'the first ones')).toMatchObject({
      code: 0,
      stdout:
        'api/orders created (revision 1)\nclientapplication/web created (revision 2)\ncontract/web-orders created (revision 3)\n',
    });
    expect((await apply({ 'a.json': api('orders') })).stdout).toBe('api/orders unchanged\n');

    expect((await ostiary('get', 'apis')).stdout.split('\n').slice(2)).toEqual([
      'default    orders  *      /orders           api           1',
      '',
    ]);
    expect((await ostiary('get', 'contract', 'web-orders', '-o', 'yaml')).stdout).toContain('status: approved\n');
    expect((await ostiary('get', 'contracts', '--where', 'spec.api=nothing')).stderr).toBe('no Contract was found\n');
    expect((await ostiary('describe', 'app', 'web')).stdout).toContain('web-orders  web     orders  -     approved');

    expect(await ostiary('delete', 'api', 'orders')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^then these would have a fault:\nContract default\/web-orders: spec\.api: /),
    });
    expect(await ostiary('delete', 'contract/web-orders', '--dry-run')).toMatchObject({
      code: 0,
      stdout: 'contract/web-orders deleted (dry run)\n',
    });
  });

  test('are served while strangers join as slowly as they can', async () => {
    const port = Number(new URL(control.url).port);
    const head = 'POST /ostiary.v1.SyncService/Join HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
    const strangers = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const socket = connect(port, '127.0.0.1').on('error', () => {});
        socket.write(`${head}content-length: 1000\r\n\r\n{`);
        await once(socket, 'connect');
        return socket;
      }),
    );
    try {
      // The last of them are refused: the others have all of their places.
      await Promise.any(strangers.map((socket) => once(socket, 'data')));
      expect(await ostiary('get', 'apis')).toMatchObject({ code: 0 });
    } finally {
      for (const socket of strangers) socket.destroy();
    }
  });

  test('keep no secret', async () => {
    expect((await ostiary('get', 'app', 'web', '-o', 'json')).stdout).toContain('"sha256"');
    const everything = await ostiary('audit', '-o', 'json');
    expect(everything.stdout).not.toContain('the-secret-of-web');
    expect(statSync(join(dataDir, 'bootstrap-token')).mode & 0o777).toBe(0o600);
  });

  test('name file, line and field of a fault, and write nothing', async () => {
    const folder = writeFolder({
      'b.yaml': [
        'apiVersion: ostiary.dev/v1alpha1',
        'kind: Api',
        'metadata: { name: billing }',
        'spec:',
        '  policies:',
        '    - policyRef: { name: client-id-enforcment }',
      ].join('\n'),
      'c.json': api('good'),
    });
    const refused = await ostiary('apply', '-f', folder);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe(
      `${folder}/b.yaml:6:26: spec.policies[0].policyRef.name: there is no kind of policy of this name; did you mean "client-id-enforcement"?\n` +
        'ostiary: nothing was written: one fault\n',
    );
    expect(await ostiary('get', 'api', 'good')).toMatchObject({ code: 1 });
  });

  test('show what would change, line by line', async () => {
    const folder = writeFolder({ 'a.json': api('orders', { basePath: '/o' }) });
    const { code, stdout } = await ostiary('diff', '-f', folder);
    expect(code).toBe(1);
    expect(stdout).toContain('--- api/orders\n+++ api/orders\n');
    expect(stdout).toContain('-  basePath: /orders\n+  basePath: /o\n');
    expect(await ostiary('diff', '-f', writeFolder({ 'a.json': api('orders') }))).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'nothing would change\n',
    });
    expect(await ostiary('diff', folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`files are named by -f: ostiary diff -f ${folder}`),
    });
  });

  test('prune what a set no longer has, and nothing else', async () => {
    await apply({ 'a.json': [api('one'), api('two')] }, '--set', 'team');
    const shown = await apply({ 'a.json': api('one') }, '--set', 'team', '--prune', '--dry-run');
    expect(shown.stdout).toBe('api/one unchanged (dry run)\napi/two deleted (dry run)\n');
    await apply({ 'a.json': api('one') }, '--set', 'team', '--prune');
    expect((await ostiary('get', 'apis', '-o', 'name')).stdout).toBe('api/one\napi/orders\n');
  });

  test('say what to do where nobody answers, and where they are not let in', async () => {
    const told = async (env: Readonly<Record<string, string>>) =>
      (await runMain(['get', 'apis'], { ...control.env, ...env })).stderr;
    expect(await told({ OSTIARY_TOKEN: '' })).toContain('this needs a token: give --token-file FILE');
    expect(await told({ OSTIARY_TOKEN: 'x'.repeat(40) })).toContain('does not know the token in OSTIARY_TOKEN');
    expect(await told({ OSTIARY_SERVER: 'http://127.0.0.1:1' })).toContain('is ostiary control running there?');
    expect(await told({ OSTIARY_SERVER: 'ftp://x' })).toContain('expected https://host:port');
  });

  test('are the API: curl can do the same, and the API describes itself', async () => {
    const { OSTIARY_TOKEN: token } = control.env;
    const list = (headers: Readonly<Record<string, string>>) =>
      fetch(`${control.url}/ostiary.v1.ResourceService/List`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"kinds": ["Api"], "keysOnly": true}',
      });
    expect(await (await list({ authorization: `Bearer ${token}` })).json()).toMatchObject({ total: 2 });
    expect((await list({})).status).toBe(401);
    // From a page in a browser.
    expect((await list({ authorization: `Bearer ${token}`, origin: 'https://evil.example.com' })).status).toBe(403);
    const described = (await (await fetch(`${control.url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(described.paths)).toContain('/ostiary.v1.ResourceService/Apply');
  });

  test('take all documents of a company at once, from those alone who have shown a token', async () => {
    const text = 'x'.repeat(4000);
    const many = Array.from({ length: 5000 }, (_, at) => {
      const made = document('ClientApplication', `app-${at}`, { clientId: `app-${at}` });
      return { ...made, metadata: { ...made.metadata, description: text } };
    });
    const { code, stdout, stderr } = await apply({ 'many.json': many }, '--set', 'many');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toHaveLength(5000);
    const { status } = await fetch(`${control.url}/ostiary.v1.ResourceService/Apply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer nobody-knows-this-token' },
      body: JSON.stringify({ documents: many.map((each) => ({ document: each })) }),
    }).catch(() => ({ status: 401 }));
    expect(status).toBe(401);
  });
});
