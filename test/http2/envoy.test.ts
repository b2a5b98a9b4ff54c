import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Health } from '../../src/grpc/health.ts';
import type { ListenOptions, Method } from '../../src/grpc/rpc.ts';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { askingEnvoy } from './envoy-bootstrap.ts';
import type { UpstreamTls } from './envoy-bootstrap.ts';
import { serve } from './serving.ts';

const MISSING = (await partOrSkip('envoy')) === undefined;
const authority = createAuthority();
const own = authority.issue('server');
const client = authority.issue('envoy');

/** `CheckResponse{status: {}}`, and one whose code is 7. The request names its path in plain octets. */
const ALLOW = Buffer.from('0a00', 'hex');
const DENY = Buffer.from('0a020807', 'hex');
const check = (answer: (request: Uint8Array) => Uint8Array | Promise<Uint8Array>): Method => ({
  kind: 'unary',
  path: '/envoy.service.auth.v3.Authorization/Check',
  handle: answer,
});
const byPath = (request: Uint8Array): Uint8Array => (Buffer.from(request).includes('/forbidden') ? DENY : ALLOW);

let envoy: RealEnvoy | undefined;
afterEach(() => envoy?.stop());

const tls = (clientAuthorities?: string): ListenOptions['tls'] => ({
  certificate: contents(own.certificate),
  key: contents(own.key),
  clientAuthorities: clientAuthorities === undefined ? undefined : contents(clientAuthorities),
});

interface Way {
  readonly way: string;
  readonly options?: Partial<ListenOptions>;
  readonly upstream?: UpstreamTls;
}

const ways: readonly Way[] = [
  { way: 'TCP' },
  { way: 'TLS', options: { tls: tls() }, upstream: { authority: authority.certificate } },
  {
    way: 'mutual TLS',
    options: { tls: tls(authority.certificate) },
    upstream: { authority: authority.certificate, client },
  },
  {
    way: 'a Unix socket',
    options: { address: { kind: 'unix', path: join(scratchFolder('http2'), 's'), mode: 0o600 } },
  },
];

describe.skipIf(MISSING)('a real Envoy', () => {
  it.each(ways)('asks over $way and is answered', async ({ options, upstream }) => {
    const { listener, abuse, internalErrors, counters } = await serve([check(byPath)], {}, options);
    envoy = await startEnvoy(askingEnvoy(listener.address, upstream));
    const url = `http://127.0.0.1:${envoy.port('in')}`;
    const paths = Array.from({ length: 200 }, (_, index) => (index % 3 === 0 ? '/forbidden' : '/open'));
    const statuses = await Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
    expect(statuses).toEqual(paths.map((path) => (path === '/forbidden' ? 403 : 200)));
    expect(counters).toMatchObject({ callsOk: 200, callsFailed: 0, callsCancelled: 0, connectionErrors: 0 });
    expect({ abuse, internalErrors }).toEqual({ abuse: [], internalErrors: [] });
  });

  it('is answered by a handler that waits, at once with others', async () => {
    const slowly = async (request: Uint8Array): Promise<Uint8Array> => {
      await sleep(30);
      return byPath(request);
    };
    const { listener } = await serve([check(slowly)]);
    envoy = await startEnvoy(askingEnvoy(listener.address));
    const url = `http://127.0.0.1:${envoy.port('in')}`;
    const paths = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? '/forbidden' : '/open'));
    const statuses = await Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
    expect(statuses).toEqual(paths.map((path) => (path === '/forbidden' ? 403 : 200)));
  });

  it('loses no request that was asked about when the server began to drain', async () => {
    let arrived = 0;
    const answering = Promise.withResolvers<void>();
    const slowly = async (request: Uint8Array): Promise<Uint8Array> => {
      const answer = byPath(request);
      arrived++;
      await answering.promise;
      return answer;
    };
    const { listener, counters } = await serve([check(slowly)]);
    envoy = await startEnvoy(askingEnvoy(listener.address));
    const url = `http://127.0.0.1:${envoy.port('in')}/open`;
    const asked = Promise.all(Array.from({ length: 8 }, async () => (await fetch(url)).status));
    await expect.poll(() => arrived).toBe(8);
    const drained = listener.drain(5000);
    // Long enough for both steps of the GOAWAY.
    await sleep(300);
    answering.resolve();
    expect(await asked).toEqual(Array.from({ length: 8 }, () => 200));
    await drained;
    await expect.poll(() => counters.connectionsClosed).toBe(counters.connectionsOpened);
  });

  it('sees by its own gRPC health checks whether the server serves', async () => {
    const health = new Health(['']);
    health.setServing('', true);
    const { listener } = await serve([check(byPath), ...health.methods()]);
    envoy = await startEnvoy(askingEnvoy(listener.address, undefined, true));
    const healthy = async (): Promise<number> => envoy!.stat('cluster.authorization.membership_healthy');
    await expect.poll(healthy, { timeout: 10_000 }).toBe(1);
    expect((await fetch(`http://127.0.0.1:${envoy.port('in')}/open`)).status).toBe(200);
    health.setServing('', false);
    await expect.poll(healthy, { timeout: 10_000 }).toBe(0);
  });
});
