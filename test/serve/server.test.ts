import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '../../gen/health/v1/health_pb.js';
import { systemClock } from '../../src/clock.ts';
import { UserError } from '../../src/errors.ts';
import type { RpcTransport } from '../../src/grpc/rpc.ts';
import type { ListenAddress } from '../../src/listen/address.ts';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { createInspector } from '../../src/operator/inspector.ts';
import { ProbeWatch } from '../../src/operator/probe-watch.ts';
import { expose } from '../../src/observe/exposition.ts';
import { probeDesk } from '../../src/serve/probes.ts';
import { openServer } from '../../src/serve/server.ts';
import type { Server, ServerOptions } from '../../src/serve/server.ts';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { RawClient, statusOf } from '../grpc/client.ts';
import { transports } from '../grpc/transports.ts';
import { portsOf, snapshotOf } from '../policy/fixtures.ts';

const LOOPBACK = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';

describe.each(transports)('the server on $name', ({ transport }) => {
  const servers: Server[] = [];
  const clients: RawClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(servers.splice(0).map((server) => server.drain({ drainDelayMs: 0, drainMs: 0 })));
  });

  async function open(options: Partial<ServerOptions> = {}) {
    const server = await openServer(optionsOf(transport, options));
    servers.push(server);
    const { port } = server.addresses.admin as { port: number };
    const connect = (...rest: [ReturnType<typeof credentials.createSsl>] | []): RawClient => {
      const client = new RawClient(server.addresses.grpc, ...rest);
      clients.push(client);
      return client;
    };
    const readyz = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      return { code: response.status, ...((await response.json()) as { status: string }) };
    };
    return { server, connect, readyz };
  }

  it('says that it is ready on every listener only once it is told to be', async () => {
    const { server, connect, readyz } = await open();
    const client = connect();
    expect([await readyz(), await health(client)]).toEqual([{ code: 503, status: 'starting' }, Status.NOT_SERVING]);
    server.ready();
    expect([await readyz(), await health(client)]).toEqual([{ code: 200, status: 'ready' }, Status.SERVING]);
    const viaApi = new RawClient(server.addresses.api);
    expect(await health(viaApi)).toBe(Status.SERVING);
    viaApi.close();
  });

  it('opens all listeners or none, and names the flag, the address and the remedy', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const occupied = { ...LOOPBACK, port: (taken.address() as { port: number }).port };
    for (const [flag, which] of [
      ['--listen', 'listen'],
      ['--admin-listen', 'adminListen'],
      ['--api-listen', 'apiListen'],
    ] as const) {
      const free = await freePorts();
      const failed = openServer(optionsOf(transport, { ...free, [which]: occupied }));
      await expect(failed).rejects.toThrow(UserError);
      await expect(failed).rejects.toThrow(
        `${flag} 127.0.0.1:${occupied.port}: the address is in use; stop what listens there, or choose another`,
      );
      // Those that were open are closed again.
      await open({ ...free, [which]: LOOPBACK }).then(({ server }) => server.drain({ drainDelayMs: 0, drainMs: 0 }));
    }
    taken.close();
  });

  it('names every flag that is at fault', async () => {
    const nowhere = { ...LOOPBACK, host: '192.0.2.1' };
    const failed = openServer(optionsOf(transport, { listen: nowhere, adminListen: nowhere }));
    await expect(failed).rejects.toThrow(/^--listen .* no such address; --admin-listen /);
  });

  it('drains: says so at once, answers new Checks for the delay, lets those in flight end, then closes', async () => {
    const inFlight = Promise.withResolvers<Uint8Array>();
    const started = Promise.withResolvers<void>();
    const handle = (request: Uint8Array): Uint8Array | Promise<Uint8Array> => {
      if (request.length === 0) return new Uint8Array();
      started.resolve();
      return inFlight.promise;
    };
    const { server, connect, readyz } = await open({ authorization: { kind: 'unary', path: CHECK_PATH, handle } });
    server.ready();
    const client = connect();
    const slow = client.unary(CHECK_PATH, Buffer.from('slow'));
    await started.promise;

    const begin = performance.now();
    const drained = server.drain({ drainDelayMs: 600, drainMs: 600_000 });
    expect([await readyz(), await health(client)]).toEqual([{ code: 503, status: 'draining' }, Status.NOT_SERVING]);
    await client.unary(CHECK_PATH);
    await connect().unary(CHECK_PATH);

    await sleep(700);
    expect((await statusOf(connect().unary(CHECK_PATH, Buffer.alloc(0), { timeoutMs: 300 }))).code).toBeGreaterThan(0);
    inFlight.resolve(Buffer.from('done'));
    expect((await slow).toString()).toBe('done');
    await drained;
    expect(performance.now() - begin).toBeGreaterThan(600);
    await expect(readyz()).rejects.toThrow();
  });

  it('drains within its time whatever holds on: calls that never end, a Watch, silent connections', async () => {
    const handle = (): Promise<never> => new Promise(() => {});
    const { server, connect } = await open({ authorization: { kind: 'unary', path: CHECK_PATH, handle } });
    server.ready();
    const client = connect();
    const stuck = statusOf(client.unary(CHECK_PATH));
    const watch = client
      .serverStream('/grpc.health.v1.Health/Watch')
      .on('error', () => {})
      .resume();
    const { connect: connectTcp } = await import('node:net');
    const silent = Object.values(server.addresses).map(({ port }: ListenAddress & { port?: number }) =>
      connectTcp(port!, '127.0.0.1').on('error', () => {}),
    );
    await sleep(100);
    await server.drain({ drainDelayMs: 100, drainMs: 600 });
    expect((await stuck).code).toBeGreaterThan(0);
    watch.cancel();
    for (const socket of silent) socket.destroy();
  });

  it('is not made ready again by a late load', async () => {
    const { server, readyz } = await open();
    const drained = server.drain({ drainDelayMs: 300, drainMs: 1000 });
    server.ready();
    expect(await readyz()).toEqual({ code: 503, status: 'draining' });
    await drained;
  });

  it('serves TLS, follows a renewal and tells when the certificate ends', async () => {
    const authority = createAuthority();
    const first = authority.issue('server');
    const served: number[] = [];
    const faults: string[] = [];
    const { connect } = await open({
      tls: { ...first, clientAuthorities: undefined },
      events: {
        failed: () => {},
        refused: () => {},
        notAsked: () => {},
        tlsServed: (notAfter) => served.push(notAfter),
        tlsFault: (message) => faults.push(message),
      },
    });
    expect(served).toHaveLength(1);
    await connect(credentials.createSsl(contents(authority.certificate))).unary(CHECK_PATH);
    authority.issue('server', { days: 3 });
    await vi.waitFor(() => expect(served).toHaveLength(2), 5000);
    expect(served[1]! - served[0]!).toBeGreaterThan(80_000_000);
    await connect(credentials.createSsl(contents(authority.certificate))).unary(CHECK_PATH);
  });

  it('refuses to start with TLS files that do not fit, before anything is opened', async () => {
    const authority = createAuthority();
    const tls = {
      certificate: authority.issue('a').certificate,
      key: authority.issue('b').key,
      clientAuthorities: undefined,
    };
    await expect(openServer(optionsOf(transport, { tls }))).rejects.toThrow(/does not fit the certificate/);
  });

  it('serves on Unix sockets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ostiary-server-'));
    const { connect } = await open({ listen: { kind: 'unix', path: join(folder, 'grpc.sock'), mode: 0o660 } });
    expect(await health(connect())).toBe(Status.NOT_SERVING);
  });
});

function optionsOf(transport: RpcTransport, options: Partial<ServerOptions>): ServerOptions {
  const store = new MemoryCounterStore(systemClock);
  return {
    transport,
    listen: LOOPBACK,
    tls: undefined,
    adminListen: LOOPBACK,
    apiListen: LOOPBACK,
    apiTokenFile: undefined,
    gzip: false,
    connections: { grpc: 1000, admin: 256, api: 256, http: 256 },
    maxMessageBytes: 1_000_000,
    forwardAuth: undefined,
    authorization: { kind: 'unary', path: CHECK_PATH, handle: (request) => request },
    accessLog: { methods: () => [], close() {}, async settled() {} },
    inspector: createInspector({ snapshot: () => snapshotOf([]), faults: () => [], store, ports: portsOf() }),
    analytics: { archive: undefined, samples: undefined },
    probes: probeDesk(new ProbeWatch(() => systemClock.now()), () => []),
    clock: systemClock,
    details: () => ({}),
    metrics: { expose: (accept) => expose(accept, () => ({ registry: new Registry(), families: [] })) },
    version: {},
    events: { failed: () => {}, refused: () => {}, notAsked: () => {}, tlsServed: () => {}, tlsFault: () => {} },
    ...options,
  };
}

async function health(client: RawClient): Promise<Status> {
  const request = toBinary(
    HealthCheckRequestSchema,
    create(HealthCheckRequestSchema, { service: 'envoy.service.auth.v3.Authorization' }),
  );
  return fromBinary(HealthCheckResponseSchema, await client.unary('/grpc.health.v1.Health/Check', request)).status;
}

/** Ports that were free a moment ago, all different. */
async function freePorts() {
  const servers = [createServer(), createServer(), createServer()];
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const [listen, adminListen, apiListen] = servers.map((server) => ({
    ...LOOPBACK,
    port: (server.address() as { port: number }).port,
  }));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { listen: listen!, adminListen: adminListen!, apiListen: apiListen! };
}
