import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPasswordOf } from '../../src/password/verify.ts';
import { userFile } from '../../src/policies/http-basic-authentication-users.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function ostiary(args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Ended> {
  const main = join(import.meta.dirname, '../../src/main.ts');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

const DOCUMENTS = `
apiVersion: ostiary.dev/v1alpha1
kind: Api
metadata: {name: orders}
spec:
  basePath: /orders
  tiers: [{name: gold, limits: [{maximumRequests: 5, timePeriodInMilliseconds: 10000}]}]
  policies:
    - {policyRef: {name: client-id-enforcement}, config: {forwardCredentials: id}}
    - {policyRef: {name: rate-limiting-sla}, config: {forwardCredentials: id}}
---
apiVersion: ostiary.dev/v1alpha1
kind: ClientApplication
metadata: {name: web}
spec: {clientId: web-id, clientSecret: {value: $WEB_SECRET}}
---
apiVersion: ostiary.dev/v1alpha1
kind: Contract
metadata: {name: web-orders}
spec: {clientApplication: web, api: orders, tier: gold, status: approved}
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ostiary-cli-'));
  await writeFile(join(folder, 'orders.yaml'), DOCUMENTS);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ENV = { WEB_SECRET: 'open sesame' };
const CREDENTIALS = ['--header', 'client_id: web-id', '--header', 'Client_Secret: open sesame'];

describe('ostiary', () => {
  it('without a command or with --help tells its commands', async () => {
    for (const args of [[], ['--help']]) {
      const { code, stdout } = await ostiary(args);
      expect(code).toBe(0);
      expect(stdout).toContain('Usage:\n  ostiary COMMAND');
    }
  });

  it('answers an unknown command or flag with one line and exit code 2', async () => {
    for (const args of [['frobnicate'], ['check', '--frobnicate'], ['check', '--header', 'novalue']]) {
      const { code, stdout, stderr } = await ostiary(args);
      expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    }
  });
});

describe('ostiary validate', () => {
  it('tells what valid documents hold', async () => {
    const { code, stdout } = await ostiary(['validate', folder], '', ENV);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^valid: 1 API, 1 client application, 1 contract; version [0-9a-f]+\n$/);
  });

  it('warns of what an earlier release decided otherwise, with its place and its row in docs/upgrade.md, and exits 0', async () => {
    const older = await mkdtemp(join(tmpdir(), 'ostiary-cli-'));
    const file = join(older, 'a.yaml');
    await writeFile(file, DOCUMENTS.replaceAll(', config: {forwardCredentials: id}', ''));
    const { code, stdout, stderr } = await ostiary(['validate', older], '', ENV);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    const place = `${file}:9:7: upgrade: spec.policies[0].config.forwardCredentials: `;
    expect(
      lines.filter((line) => line.startsWith(place) && line.includes('(`client-secret` in docs/upgrade.md)')),
    ).toHaveLength(1);
    expect(lines.at(-1)).toMatch(/^valid: 1 API/);
    const json = await ostiary(['validate', older, '--json'], '', ENV);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: true,
      warnings: [{ file, line: 9, severity: 'upgrade' }, {}],
    });
    await rm(older, { recursive: true });
  });

  it('lists the requests that no policy authenticates, once an API', async () => {
    const open = await mkdtemp(join(tmpdir(), 'ostiary-cli-'));
    const api = (name: string, spec: object) =>
      writeFile(
        join(open, `${name}.json`),
        JSON.stringify({
          apiVersion: 'ostiary.dev/v1alpha1',
          kind: 'Api',
          metadata: { name },
          spec: { basePath: `/${name}`, ...spec },
        }),
      );
    await api('pets', {});
    await api('status', { public: true });
    const { code, stdout } = await ostiary(['validate', open], '', ENV);
    expect([code, stdout.split('\n').slice(0, -2)]).toEqual([
      0,
      ['unauthenticated: pets: all: no policy authenticates'],
    ]);
    const json = await ostiary(['validate', open, '--json'], '', ENV);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: true,
      unauthenticated: [{ api: 'pets', requests: 'all: no policy authenticates' }],
    });
    await rm(open, { recursive: true });
  });

  it('tells every fault with its place, as text and as JSON, and exits 1', async () => {
    const faulty = await mkdtemp(join(tmpdir(), 'ostiary-cli-'));
    const file = join(faulty, 'a.yaml');
    await writeFile(file, DOCUMENTS.replace('api: orders', 'api: order').replace('basePath', 'basepath'));
    const { code, stdout } = await ostiary(['validate', faulty]);
    expect(code).toBe(1);
    expect(stdout).toContain(`${file}:6:3: spec.basepath: `);
    expect(stdout).toContain('$WEB_SECRET');
    const json = await ostiary(['validate', faulty, '--json'], '', ENV);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, faults: [{ file, line: 6 }, { field: 'spec.api' }] });
    await rm(faulty, { recursive: true });
  });
});

describe('ostiary check', () => {
  it('exits 0 on an allow, and shows each policy, the client and the counters', async () => {
    const { code, stdout } = await ostiary(
      ['check', '--policies', folder, '--path', '/orders/1', ...CREDENTIALS],
      '',
      ENV,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^allow\n {2}api {7}orders\n/);
    expect(stdout).toContain('client web (web-id), contract web-orders, tier gold');
    expect(stdout).toContain('remaining 5 -> 4');
  });

  it('exits 1 on a denial and says why', async () => {
    const { code, stdout } = await ostiary(['check', '--policies', folder, '--path', '/orders/1'], '', ENV);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^deny 401 {2}client_rejected: the request names no client id\n/);
  });

  it('reads a CheckRequest in JSON from standard input', async () => {
    const request = {
      attributes: {
        request: {
          http: {
            method: 'GET',
            path: '/orders',
            host: 'h',
            headers: { client_id: 'web-id', client_secret: 'open sesame' },
          },
        },
      },
    };
    const { code, stdout } = await ostiary(
      ['check', '-', '--policies', folder, '--json'],
      JSON.stringify(request),
      ENV,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: { outcome: 'OUTCOME_ALLOW' }, api: 'orders' });
    const bad = await ostiary(['check', '-', '--policies', folder], '{"attributes": 5}', ENV);
    expect(bad).toMatchObject({ code: 1, stdout: '' });
    expect(bad.stderr).toMatch(/^ostiary: - is not a CheckRequest in JSON: .*\n$/);
  });

  it('says where a running service was looked for and not found', async () => {
    const { code, stderr } = await ostiary(['check', '--api', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toBe('ostiary: http://127.0.0.1:1 does not answer: is ostiary running with --api-listen there?\n');
  });
});

describe('ostiary hash-secret', () => {
  it('hashes standard input for a document, and never takes the secret as an argument', async () => {
    const { stdout } = await ostiary(['hash-secret', '--json'], 'open sesame\n');
    expect(JSON.parse(stdout)).toEqual({
      salt: expect.stringMatching(/^.+$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await ostiary(['hash-secret', 'open sesame'])).code).toBe(2);
    expect((await ostiary(['hash-secret'], '\n')).code).toBe(1);
  });
});

describe('ostiary hash-password', () => {
  it('hashes standard input for a document or a file, and never takes the password as an argument', async () => {
    const { stdout } = await ostiary(['hash-password'], 'open sesame\n');
    const hash = /^passwordHash: '\$(\$argon2id\$.+)'\n$/.exec(stdout)?.[1] ?? '';
    expect([isPasswordOf(hash, 'open sesame'), isPasswordOf(hash, 'open sesame\n')]).toEqual([true, false]);
    const line = await ostiary(['hash-password', '--user', 'ann'], 'open sesame');
    expect(line.stdout).toMatch(/^ann:\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}\n$/);
    expect(await userFile.parse(Buffer.from(line.stdout), () => undefined)).toHaveProperty('content');
    expect((await ostiary(['hash-password', 'open sesame'])).code).toBe(2);
    expect((await ostiary(['hash-password', '--user', 'a:b'], 'x')).code).toBe(2);
    for (const refused of ['\n', 'two\nlines', 'x'.repeat(1025)])
      expect((await ostiary(['hash-password'], refused)).code).toBe(1);
  });
});

describe('ostiary schema and version', () => {
  it('print what scripts and editors read', async () => {
    expect(JSON.parse((await ostiary(['schema'])).stdout)).toHaveProperty('$schema');
    expect(JSON.parse((await ostiary(['version', '--json'])).stdout)).toEqual({
      ostiary: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.versions.node,
    });
  });
});

describe('ostiary generate', () => {
  it.each([
    [['envoyfilter', '--namespace', 'shop', '--selector', 'app=orders'], 'kind: EnvoyFilter'],
    [['extension-provider'], 'extensionProviders:'],
    [['security-policy', '--target', 'HTTPRoute/orders'], 'kind: SecurityPolicy'],
    [['bootstrap', '--api', 'orders'], 'static_resources:'],
    [['flex', '--target', 'ApiInstance/orders'], 'native-ext-authz-flex'],
  ])('%j prints YAML', async (args, expected) => {
    const { code, stdout } = await ostiary(['generate', ...args]);
    expect({ code, found: stdout.includes(expected) }).toEqual({ code: 0, found: true });
  });

  it.each([[[]], [['nothing']], [['flex', '--ostiary', 'unix:/x']]])('%j is a usage error', async (args) => {
    const { code, stdout, stderr } = await ostiary(['generate', ...args]);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
  });
});
