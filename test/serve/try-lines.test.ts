import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ListenAddress } from '../../src/listen/address.ts';
import { programOf, tryLines } from '../../src/serve/try-lines.ts';
import type { Listening } from '../../src/serve/try-lines.ts';
import { apiOf, snapshotOf } from '../policy/fixtures.ts';
import { startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';

const curl = await partOrSkip('curl');

const tcp = (host: string, port: number): ListenAddress => ({ kind: 'tcp', host, port });
const listening: Listening = {
  grpc: tcp('127.0.0.1', 9191),
  admin: tcp('0.0.0.0', 9190),
  api: tcp('127.0.0.1', 9192),
  apiTokenFile: undefined,
  policies: ['policies', 'more'],
  program: 'npm run -s ostiary --',
};
const snapshot = snapshotOf([apiOf({ name: 'orders', hosts: ['*.example.com'], basePath: '/orders' })]);

describe('the lines to try', () => {
  test('name every listener, and a request that the first API matches', () => {
    const lines = tryLines(listening, snapshot).split('\n');
    expect(lines[0]).toBe(
      'ostiary answers Checks on 127.0.0.1:9191, operators on 127.0.0.1:9192, metrics and readiness on 0.0.0.0:9190',
    );
    const request = '{"attributes":{"request":{"http":{"method":"GET","path":"/orders","host":"www.example.com"}}}}';
    expect(lines.slice(2).map((line) => line.replace(/ {3,}# .*/, ''))).toEqual([
      '  npm run -s ostiary -- check --api http://127.0.0.1:9192 --host www.example.com --path /orders',
      '  npm run -s ostiary -- check --policies policies --policies more --host www.example.com --path /orders',
      `  curl http://127.0.0.1:9192/envoy.service.auth.v3.Authorization/Check -H 'content-type: application/json' -d '${request}'`,
      '',
    ]);
    const [first = '', second = ''] = lines.slice(2);
    expect(first.indexOf('# what the service says')).toBe(second.indexOf('# what these documents say'));
  });

  test('send the token where Explain needs it', () => {
    const guarded = { ...listening, apiTokenFile: '/etc/ostiary/token' };
    expect(tryLines(guarded, snapshot)).toContain(' --api-token-file /etc/ostiary/token ');
    const socket = { kind: 'unix', path: '/run/api.sock', mode: 0o600 } as const;
    expect(tryLines({ ...guarded, api: socket }, snapshot)).not.toContain('--api-token-file');
  });

  test('call an address that can be called where every address is listened on', () => {
    expect(tryLines({ ...listening, api: tcp('::', 9192) }, snapshot)).toContain('http://127.0.0.1:9192/');
  });

  test('call the program as it was called', () => {
    expect(programOf({ npm_lifecycle_event: 'start' }, '/x/main.ts')).toBe('npm run -s ostiary --');
    expect(programOf({}, '/app/main.js')).toBe('node /app/main.js');
  });
});

test.skipIf(curl === undefined)(
  'who runs each line that the service prints gets an allow',
  async () => {
    const folder = scratchFolder('try');
    const token = join(folder, 'token.txt');
    writeFileSync(token, '0123456789abcdef0123456789abcdef\n');
    const policies = join(import.meta.dirname, '../../policies');
    const ostiary = await startOstiary({ policies, args: ['--api-token-file', token] });
    try {
      const printed = () => {
        const [, after = ''] = ostiary.output().split('try:\n');
        return after.split('\n').filter((line) => line.startsWith('  '));
      };
      // They come after the line of the log that tests wait for.
      await expect.poll(printed, { timeout: 10_000 }).toHaveLength(3);
      const lines = printed();
      // `node` is the one that runs the tests, whatever PATH says.
      const run = (line: string) => promisify(execFile)('sh', ['-c', line.replace('  node ', `${process.execPath} `)]);
      const [asked, checked, called] = await Promise.all(lines.map(run));
      expect(asked?.stdout).toMatch(/^allow\n/);
      expect(checked?.stdout).toMatch(/^allow\n/);
      expect(JSON.parse(called?.stdout ?? '')).toHaveProperty('okResponse');
    } finally {
      await ostiary.stop();
    }
  },
  60_000,
);
