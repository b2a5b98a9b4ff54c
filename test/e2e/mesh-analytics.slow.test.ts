import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import type { Message } from '../../src/alerts/notification.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane, startControlPlaneOn } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { send } from './request.ts';

const envoyPart = await partOrSkip('envoy');
const postgresPart = await partOrSkip('postgres');

const POLICIES = [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }];
const documentsWith = (hook: string) => [
  document('Webhook', 'ops', { url: hook }),
  document('Alert', 'orders-busy', {
    api: 'orders',
    metric: 'requests',
    threshold: 100,
    window: '10m',
    notify: ['ops'],
  }),
  document('Api', 'orders', { basePath: '/orders', policies: POLICIES }),
  document('ClientApplication', 'web', { clientId: 'web', clientSecret: { value: 'the-secret-of-web' } }),
  document('Contract', 'web-orders', { api: 'orders', clientApplication: 'web', status: 'approved' }),
];
const CREDENTIALS = { headers: { client_id: 'web', client_secret: 'the-secret-of-web' } };
/** Envoy sends within a second, a slot ends within ten, and a sidecar that has lost its control plane is back within some more. */
const PATIENCE = { timeout: 60_000, interval: 500 };
const TWO_EVALUATIONS_MS = 26_000;

interface Sidecar {
  readonly ostiary: RealOstiary;
  readonly envoy: RealEnvoy;
}

/** The control planes of one database. */
interface Planes {
  readonly all: RealControlPlane[];
  /** The first one, again. */
  restart(): Promise<RealControlPlane>;
  stop(): Promise<void>;
}

async function oneOnSqlite(): Promise<Planes> {
  const dataDir = join(scratchFolder('mesh-sqlite'), 'data');
  const all = [await startControlPlane(dataDir)];
  return {
    all,
    restart: async () => (all[0] = await startControlPlane(dataDir, new URL(all[0]?.url ?? '').host)),
    stop: async () => void (await Promise.all(all.map((each) => each.stop()))),
  };
}

async function twoOnPostgres(): Promise<Planes> {
  const postgres: RealPostgres = await startPostgres();
  const [database, tokenFile] = [await postgres.createDatabase(), join(scratchFolder('mesh-postgres'), 'token')];
  const all = [await startControlPlaneOn(database, tokenFile), await startControlPlaneOn(database, tokenFile)];
  return {
    all,
    restart: async () => (all[0] = await startControlPlaneOn(database, tokenFile, new URL(all[0]?.url ?? '').host)),
    async stop() {
      await Promise.all(all.map((each) => each.stop()));
      await postgres.stop();
    },
  };
}

describe.skipIf(envoyPart === undefined || postgresPart === undefined).each([
  { kept: 'one control plane on SQLite', start: oneOnSqlite },
  { kept: 'two control planes on PostgreSQL', start: twoOnPostgres },
])('two sidecars, each beside an Envoy, and $kept', ({ start }) => {
  const folder = scratchFolder('mesh-analytics');
  let planes: Planes;
  let upstream: Upstream;
  const sidecars: Sidecar[] = [];
  const seen: Record<string, number> = {};
  const told: Message[] = [];
  let receiver: Server;

  beforeAll(async () => {
    planes = await start();
    upstream = await startUpstream();
    await ostiary('apply', '-f', writeFolder({ 'a.json': documentsWith(await startReceiver()) }));
    const { stdout } = await ostiary('token', 'create', '--sidecar');
    writeFileSync(join(folder, 'join-token'), stdout);
    const urls = planes.all.map(({ url }) => url);
    sidecars.push(await startSidecar('sidecar-1', urls, []));
    sidecars.push(await startSidecar('sidecar-2', urls.toReversed(), ['--workers', '2']));
  });
  afterAll(async () => {
    await Promise.all(sidecars.flatMap(({ envoy, ostiary: sidecar }) => [envoy.stop(), sidecar.stop()]));
    await Promise.all([planes?.stop(), upstream?.close()]);
    receiver?.close();
  });

  /** Takes messages of alerts. @returns its URL */
  async function startReceiver(): Promise<string> {
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      told.push(JSON.parse(await text(request)) as Message);
      response.end();
    };
    receiver = createServer((request, response) => void take(request, response));
    await new Promise<void>((resolve) => {
      receiver.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  }

  /** Asks the last one: the first is killed in between. */
  const ostiary = (...argv: string[]) => runMain(argv, { ...planes.all.at(-1)?.env });

  async function startSidecar(node: string, urls: readonly string[], more: readonly string[]): Promise<Sidecar> {
    const port = await freePort();
    const following = [
      ...urls.flatMap((url) => ['--control', url]),
      '--control-token-file',
      join(folder, 'join-token'),
    ];
    const args = [...following, '--cache-dir', join(folder, node), '--node-id', node, ...more];
    const sidecar = await startOstiary({ policies: folder, listen: `127.0.0.1:${port}`, args });
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    const envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
    return { ostiary: sidecar, envoy };
  }

  /** To both, with credentials and without. */
  async function sendSome(count: number): Promise<void> {
    for (let at = 0; at < count; at++)
      for (const { envoy } of sidecars) {
        const { status } = await send(envoy.port('in'), '/orders/1', at % 3 === 0 ? {} : CREDENTIALS);
        seen[status] = (seen[status] ?? 0) + 1;
      }
  }

  async function counted(): Promise<{ readonly byStatus: Record<string, number>; readonly completeness: object }> {
    const { stdout, stderr } = await ostiary('analytics', 'query', '--by', 'status', '--since', '1h', '-o', 'json');
    expect(stderr).toBe('');
    const { rows, completeness } = JSON.parse(stdout) as {
      rows: { status: string; count: number }[];
      completeness: object;
    };
    return { byStatus: Object.fromEntries(rows.map(({ status, count }) => [status, count])), completeness };
  }

  test('count at the control plane what clients have seen, over its kill', async () => {
    await sendSome(30);
    await planes.all[0]?.stop(0);
    await sendSome(30);
    await planes.restart();
    await sendSome(30);
    await expect.poll(async () => (await counted()).byStatus, PATIENCE).toEqual(seen);
    expect(seen).toEqual({ 200: 120, 401: 60 });
    expect((await counted()).completeness).toMatchObject({ decided: 180, reported: 180, unreported: 0, unknown: 0 });
  });

  test('answer for all of them in every form', async () => {
    const top = await ostiary('analytics', 'top', '--by', 'client', '--since', '1h');
    expect(top.stdout).toMatch(/1 +web .*120/);
    const graph = await ostiary('analytics', 'graph', '--since', '1h', '-o', 'mermaid');
    expect(graph.stdout).toContain('orders');
    await expect
      .poll(async () => {
        const { stdout } = await ostiary('analytics', 'samples', '--api', 'orders', '-o', 'json');
        return (JSON.parse(stdout) as { samples: unknown[] }).samples.length;
      }, PATIENCE)
      // The latest 20 of each sidecar.
      .toBeGreaterThanOrEqual(20);
  });

  test('answer questions wherever they are, or it is said where that is', async () => {
    for (const node of ['sidecar-1', 'sidecar-2']) {
      for (const { env } of planes.all) {
        const { code, stdout, stderr } = await runMain(['check', '--path', '/orders/1', '--node', node], { ...env });
        if (code === 1 && stderr === '') expect(stdout).toMatch(/^deny 401/);
        else {
          const [, there = ''] =
            /follows the control plane at \S+: ask it there, with --server (\S+)/.exec(stderr) ?? [];
          expect(planes.all.map(({ url }) => url)).toContain(there);
          const again = await runMain(['check', '--path', '/orders/1', '--node', node, '--server', there], { ...env });
          expect(again.stdout).toMatch(/^deny 401/);
        }
      }
    }
    const { envoy } = sidecars[0] as Sidecar;
    const tailing = ostiary('tail', '--node', 'sidecar-1', '--for', '8s', '-o', 'json');
    await send(envoy.port('in'), '/orders/tailed', {});
    expect((await tailing).stdout + (await tailing).stderr).toMatch(/"reason":"\w+"|follows the control plane/);
  });

  test('tell an alert of the log once, though each sidecar has only a part of the requests', async () => {
    await expect.poll(() => told, PATIENCE).toMatchObject([{ alert: 'orders-busy', status: 'firing' }]);
    // The one that may have told it is killed: whoever goes on does not tell it again.
    await planes.all[0]?.stop(0);
    await planes.restart();
    await sleep(TWO_EVALUATIONS_MS);
    expect(told).toHaveLength(1);
  });

  test('tell what only a token may know', async () => {
    const { OSTIARY_SERVER = '' } = planes.all[0]?.env ?? {};
    const nobody = await runMain(['analytics', 'top'], { OSTIARY_SERVER });
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('this needs a token')]);
  });
});
