import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip, realPart } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const loadPart = await partOrSkip('h2load');

/** Two thirds are allowed, the others denied. */
const REQUESTS = Number(process.env['ANALYTICS_REQUESTS'] ?? 60_000);
const PER_SECOND = 3000;
const CLIENTS = 10;
const KILLS = 2;
/** A decision is waited for a minute. */
const PATIENCE = { timeout: 240_000, interval: 2000 };
/** How often Envoy's counters are looked at. */
const LOOK_MS = 100;

interface Look {
  readonly at: number;
  readonly decided: number;
}

interface Manager {
  access_log: { name: string; typed_config: { common_config?: { buffer_size_bytes?: number } } }[];
  http_filters: { name: string }[];
  route_config: object;
}

interface Bootstrap {
  static_resources: {
    listeners: { address: object; name: string; filter_chains: { filters: { typed_config: Manager }[] }[] }[];
  };
}

/** What `ostiary generate bootstrap --access-log` prints, with Envoy's own buffer, and an upstream of Envoy's. */
function configuration(port: number, upstreamPort: number): object {
  const usual = { host: '127.0.0.1', normalizePath: true, api: undefined, rawHeaders: true };
  const generated = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port },
    timeoutMs: 2000,
    accessLog: true,
    listeners: [
      { ...usual, name: 'in', port: 0 },
      { ...usual, name: 'upstream', port: upstreamPort },
    ],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  const [front, upstream] = generated.static_resources.listeners.map(
    ({ filter_chains }) => filter_chains[0]?.filters[0]?.typed_config,
  );
  if (front === undefined || upstream === undefined) throw new Error('the generated configuration is another one');
  front.access_log = front.access_log.filter(({ name }) => name === 'envoy.access_loggers.http_grpc');
  delete front.access_log[0]?.typed_config.common_config?.buffer_size_bytes;
  upstream.access_log = [];
  upstream.http_filters = upstream.http_filters.filter(({ name }) => name === 'envoy.filters.http.router');
  const answer = { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'answer' } } };
  upstream.route_config = { virtual_hosts: [{ name: 'upstream', domains: ['*'], routes: [answer] }] };
  return generated;
}

describe.skipIf(envoyPart === undefined || loadPart === undefined)(
  `${REQUESTS} requests, and ostiary killed twice`,
  () => {
    let envoy: RealEnvoy;
    let ostiary: RealOstiary;
    let start: () => Promise<RealOstiary>;
    const folder = scratchFolder('kills');
    const tokenFile = join(folder, 'token');
    const looks: Look[] = [];

    beforeAll(async () => {
      writeFileSync(tokenFile, 'a-token-of-operators-that-is-long-enough');
      const [port, upstreamPort] = [await freePort(), await freePort()];
      const policies = documentsFolder(shop);
      const args = ['--data-dir', join(folder, 'data'), '--api-token-file', tokenFile, '--quiet'];
      start = () => startOstiary({ policies, listen: `127.0.0.1:${port}`, args });
      ostiary = await start();
      envoy = await startEnvoy(configuration(port, upstreamPort));
    });
    afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop()]));

    /** What Envoy itself counts of our answers. */
    async function look(): Promise<Look> {
      const [ok, denied] = await Promise.all([
        envoy.stat('http.in.ext_authz.ok'),
        envoy.stat('http.in.ext_authz.denied'),
      ]);
      const one = { at: performance.now(), decided: ok + denied };
      looks.push(one);
      return one;
    }

    async function load(): Promise<void> {
      const headers = Object.entries(credentials('gold')).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
      const paths = ['/orders/1', '/orders/2', '/nobodys'].map((path) => `http://127.0.0.1:${envoy.port('in')}${path}`);
      const pace = ['-c', `${CLIENTS}`, '-m', '10', '-n', `${REQUESTS}`, '--rps', `${PER_SECOND / CLIENTS}`];
      const { stdout } = await promisify(execFile)(await realPart('h2load'), [...pace, ...headers, ...paths]);
      expect(stdout).toContain(`${REQUESTS} done`);
    }

    async function ask(): Promise<Answer> {
      const where = ['--api-address', ostiary.apiUrl, '--api-token-file', tokenFile];
      const query = await runOstiary([
        'analytics',
        'query',
        '--by',
        'outcome',
        '--since',
        '3h',
        '-o',
        'json',
        ...where,
      ]);
      expect(await query.exited, query.output()).toBe(0);
      return JSON.parse(query.output()) as Answer;
    }

    test('are all decided as Envoy counts them, but for the last second before each kill, and what is missing is told', async () => {
      const state = { isLoading: true };
      const loading = load().finally(() => {
        state.isLoading = false;
      });
      let lost = 0;
      for (let kill = 1; kill <= KILLS; kill++) {
        const from = (REQUESTS * kill) / (KILLS + 1);
        // On a busy machine most come while it starts, and are refused by Envoy alone.
        while (state.isLoading && (await look()).decided < from) await sleep(LOOK_MS);
        await ostiary.kill();
        const killedAt = performance.now();
        await sleep(LOOK_MS);
        const { decided } = await look();
        const before = looks.findLast(({ at }) => at < killedAt - 1000);
        lost += decided - (before?.decided ?? 0);
        ostiary = await start();
      }
      await loading;
      const { decided } = await look();
      expect(decided).toBeGreaterThan(REQUESTS / 2);
      const open = async () => (await ask()).completeness.open;
      // The last slot may not have ended.
      await sleep(12_000);
      await expect.poll(open, PATIENCE).toBe(0);
      const { rows, completeness } = await ask();
      const counted = (...names: string[]) =>
        rows.filter(({ outcome }) => names.includes(outcome)).reduce((sum, { count }) => sum + count, 0);
      const reported = counted('processed', 'blocked', 'answered');
      const told = JSON.stringify({ envoy: decided, lastSeconds: lost, reported, rows, completeness });
      // An answer that was on its way when its process was killed is none to Envoy.
      const onTheirWay = CLIENTS * 10 * KILLS;
      expect(completeness.decided, told).toBeGreaterThanOrEqual(decided - lost);
      expect(completeness.decided, told).toBeLessThanOrEqual(decided + onTheirWay);
      // What has no entry is told to have none.
      expect(completeness.reported, told).toBe(reported);
      expect(completeness.reported + completeness.unreported + completeness.unknown, told).toBe(completeness.decided);
    });
  },
);

interface Answer {
  readonly rows: readonly { readonly outcome: string; readonly count: number }[];
  readonly completeness: {
    readonly decided: number;
    readonly reported: number;
    readonly unreported: number;
    readonly unknown: number;
    readonly open: number;
  };
}
