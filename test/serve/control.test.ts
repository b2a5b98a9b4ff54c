import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { formatSecretHash, hashSecret } from '../../src/contract/secret.ts';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { parseListenAddress } from '../../src/listen/address.ts';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { RawClient } from '../grpc/client.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';
import { doc, MemoryLog, put } from '../sync/memory-log.ts';
import { MemoryStore } from '../sync/memory-store.ts';
import { listenControl } from '../sync/real-control.ts';
import type { ListeningControl } from '../sync/real-control.ts';

const CLOSING: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of CLOSING.splice(0).toReversed()) await close();
});

const ORDERS = doc('Api', 'orders', {
  basePath: '/orders',
  policies: [
    {
      policyRef: { name: 'client-id-enforcement' },
      config: { credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader' },
    },
  ],
});
const WEB = doc('ClientApplication', 'web', {
  clientId: 'web',
  clientSecret: formatSecretHash(hashSecret('s3cret', Buffer.from('pepper'))),
});
const CONTRACT = doc('Contract', 'web-orders', { clientApplication: 'web', api: 'orders', status: 'approved' });
const GONE = doc('Contract', 'web-orders', undefined);

async function listening(...options: Parameters<typeof listenControl>): Promise<ListeningControl> {
  const plane = await listenControl(...options);
  CLOSING.push(() => plane.close());
  return plane;
}

async function sidecar(plane: ListeningControl, args: readonly string[], token?: string): Promise<RealOstiary> {
  const tokenFile = join(scratchFolder('token'), 'token');
  writeFileSync(tokenFile, token ?? (await plane.token()), { mode: 0o600 });
  const node = args.includes('--node-id') ? [] : ['--node-id', 'one'];
  const flags = ['--control', plane.url, '--control-token-file', tokenFile, ...node, '--log-level', 'info'];
  const ostiary = await startOstiary({ policies: '/nowhere', args: [...flags, '--drain-delay', '0s', ...args] });
  CLOSING.push(() => ostiary.stop());
  return ostiary;
}

/** The status of the answer to a Check: 0 is an allow. */
async function ask({ listen }: RealOstiary, path = '/orders/1'): Promise<number> {
  const client = new RawClient(parseListenAddress(listen, 'listen'));
  const headers = { authorization: `Basic ${btoa('web:s3cret')}` };
  const http = { method: 'GET', path, host: 'a', headers };
  const request = toBinary(CheckRequestSchema, create(CheckRequestSchema, { attributes: { request: { http } } }));
  try {
    const answer = fromBinary(CheckResponseSchema, await client.unary(CHECK_PATH, request, { timeoutMs: 5000 }));
    return answer.status?.code ?? 0;
  } finally {
    client.close();
  }
}

const metrics = async ({ adminUrl }: RealOstiary): Promise<string> => (await fetch(`${adminUrl}/metrics`)).text();

describe('ostiary serve --control', () => {
  it.each([[1], [3]])(
    'enforces a revocation when the receipt says so, with %i workers',
    async (workers) => {
      const log = new MemoryLog();
      await put(log, ORDERS, WEB, CONTRACT);
      const plane = await listening(log);
      const ostiary = await sidecar(plane, ['--workers', String(workers)]);
      expect(await ask(ostiary)).toBe(0);
      const revision = await put(log, GONE);
      expect(await plane.receipts.of(revision, 10_000)).toMatchObject({ enforced: 1, pending: [], unreachable: [] });
      // Each on a connection of its own: every worker is asked.
      const answers = await Promise.all(Array.from({ length: 2 * workers }, () => ask(ostiary)));
      expect(answers.every((status) => status !== 0)).toBe(true);
      const back = await put(log, CONTRACT);
      await plane.receipts.of(back, 10_000);
      expect(await ask(ostiary)).toBe(0);
      const text = await metrics(ostiary);
      expect(text).toContain(`ostiary_control_revision ${back}`);
      expect(text).toMatch(/^ostiary_control_connected 1$/m);
    },
    60_000,
  );

  it('starts from its cache without the control plane, and takes up what it has missed', async () => {
    const log = new MemoryLog();
    await put(log, ORDERS, WEB, CONTRACT);
    const store = new MemoryStore();
    const plane = await listening(log, { store });
    const cache = ['--cache-dir', join(scratchFolder('cache'), 'cache')];
    const token = await plane.token(undefined, 1);
    const first = await sidecar(plane, cache, token);
    expect(await ask(first)).toBe(0);
    for (const file of ['documents.cache', 'credential.json']) {
      expect(statSync(join(cache[1] ?? '', file)).mode & 0o777).toBe(0o600);
    }
    await first.stop();
    await plane.close();
    const second = await sidecar(plane, cache, token);
    expect(await ask(second)).toBe(0);
    expect(await metrics(second)).toMatch(/^ostiary_control_connected 0$/m);
    const revision = await put(log, GONE);
    const again = await listening(log, { store, port: plane.port });
    // It has left, and has told nobody that it is back.
    await expect.poll(() => metrics(second), { timeout: 20_000 }).toMatch(/^ostiary_control_connected 1$/m);
    expect(await again.receipts.of(revision, 20_000)).toMatchObject({ enforced: 1, unreachable: [] });
    expect(await ask(second)).not.toBe(0);
  }, 60_000);

  it('denies every request once the control plane was away for --max-stale, or those of an API for its maxStale, and decides again when it is back', async () => {
    const log = new MemoryLog();
    const open = doc('Api', 'open', { basePath: '/open', public: true });
    const fresh = doc('Api', 'fresh', { basePath: '/fresh', public: true, maxStale: '15s' });
    await put(log, ORDERS, WEB, CONTRACT, open, fresh);
    const store = new MemoryStore();
    const plane = await listening(log, { store });
    const ostiary = await sidecar(plane, ['--max-stale', '15s', '--workers', '2']);
    const keeping = await sidecar(plane, ['--node-id', 'two', '--workers', '2']);
    expect([await ask(ostiary), await ask(keeping, '/fresh')]).toEqual([0, 0]);
    await plane.close();
    await expect.poll(() => ask(ostiary), { timeout: 40_000, interval: 200 }).toBe(14);
    // Of a sidecar that keeps its documents, the API that asks for it is denied, and no other.
    await expect.poll(() => ask(keeping, '/fresh'), { timeout: 10_000, interval: 200 }).toBe(14);
    expect(await ask(keeping, '/open')).toBe(0);
    await listening(log, { store, port: plane.port });
    await expect.poll(() => ask(ostiary), { timeout: 20_000, interval: 200 }).toBe(0);
    await expect.poll(() => ask(keeping, '/fresh'), { timeout: 20_000, interval: 200 }).toBe(0);
  }, 90_000);

  it('withholds an API whose documents say what this version does not know, from the start on and from its cache', async () => {
    const log = new MemoryLog();
    const later = doc('Contract', 'web-orders', { ...Object(CONTRACT.spec), quotaUntil: '2030-01-01' });
    const open = doc('Api', 'open', { basePath: '/', public: true });
    await put(log, ORDERS, WEB, later, open);
    const store = new MemoryStore();
    const plane = await listening(log, { store });
    const cache = ['--cache-dir', join(scratchFolder('cache'), 'cache'), '--workers', '2'];
    const token = await plane.token();
    const first = await sidecar(plane, cache, token);
    const answers = async (ostiary: RealOstiary) => [await ask(ostiary), await ask(ostiary, '/else')];
    expect(await answers(first)).toEqual([14, 0]);
    expect(await metrics(first)).toMatch(/^ostiary_config_withheld_apis 1$/m);
    expect(first.output()).toMatch(/Contract web-orders, revision 3: spec\.quotaUntil: unknown field/);
    expect(await plane.receipts.of(4, 0)).toMatchObject({ enforced: 0, pending: ['one'] });
    await first.stop();
    await plane.close();
    const second = await sidecar(plane, cache, token);
    expect(await answers(second)).toEqual([14, 0]);
    const again = await listening(log, { store, port: plane.port });
    // Every other change is taken meanwhile.
    await put(log, doc('Api', 'more', { basePath: '/more', public: true }));
    const revision = await put(log, CONTRACT);
    await expect.poll(() => metrics(second), { timeout: 20_000 }).toMatch(/^ostiary_control_connected 1$/m);
    expect(await again.receipts.of(revision, 20_000)).toMatchObject({ enforced: 1 });
    expect(await answers(second)).toEqual([0, 0]);
  }, 60_000);

  it('speaks TLS to a control plane of the authority that it is given, and to no other', async () => {
    const authority = createAuthority();
    const { certificate, key } = authority.issue('localhost');
    const tls = { certificate: contents(certificate), key: contents(key), clientAuthorities: undefined };
    const log = new MemoryLog();
    await put(log, ORDERS, WEB, CONTRACT);
    const plane = await listening(log, { tls });
    const ostiary = await sidecar(plane, ['--control-ca', authority.certificate]);
    expect(await ask(ostiary)).toBe(0);
    const stranger = createAuthority('other');
    const tokenFile = join(scratchFolder('token'), 'token');
    writeFileSync(tokenFile, await plane.token());
    const flags = [
      'serve',
      '--control',
      plane.url,
      '--control-token-file',
      tokenFile,
      '--control-ca',
      stranger.certificate,
    ];
    const refused = await runOstiary([...flags, '--listen', '127.0.0.1:0', '--node-id', 'two']);
    CLOSING.push(() => refused.stop());
    await expect.poll(() => refused.output(), { timeout: 20_000 }).toContain('control plane not followed');
    expect((await plane.store.list()).map(({ node }) => node)).toEqual(['one']);
  }, 60_000);

  it('refuses plain http to other machines, and flags without --control', async () => {
    const remote = await runOstiary(['serve', '--control', 'http://control.example.com:9195']);
    await remote.exited;
    expect(remote.output()).toContain('plain http:// is for loopback alone');
    const without = await runOstiary(['serve', '--cache-dir', '/tmp/nowhere']);
    await without.exited;
    expect(without.output()).toContain('--cache-dir has no effect without --control');
  }, 30_000);
});
