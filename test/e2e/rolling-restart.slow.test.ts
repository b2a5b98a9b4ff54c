import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startUpstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { fencedBlocks, readPage } from '../docs/pages.ts';
import { startEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');

/** As the chart sets them. */
const DRAIN = ['--drain-delay', '5s', '--drain', '15s'];
/** RESTART_SECONDS makes it longer. */
const DURATION_MS = Number(process.env['RESTART_SECONDS'] ?? 30) * 1000;
const REQUESTS_PER_SECOND = 500;

describe.skipIf(envoyPart === undefined).each([
  ['the generated configuration', generated],
  ["the README's snippet", readmeSnippet],
] as const)('two replicas behind a real Envoy with %s', (_name, configuration) => {
  test(`are restarted one after the other at ${REQUESTS_PER_SECOND} requests/s, and no request is answered wrongly`, async () => {
    const policies = documentsFolder(shop);
    const listens = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const start = (listen: string) => startOstiary({ policies, listen, args: DRAIN });
    const replicas = await Promise.all(listens.map(start));
    const upstream = await startUpstream();
    const envoy = await startEnvoy(await configuration(listens, upstream.port));
    const url = `http://127.0.0.1:${envoy.port('mesh')}/orders/1`;
    const wrong: string[] = [];
    let answered = 0;
    const ask = async (headers: Record<string, string>, expected: number) => {
      const outcome = await fetch(url, { headers }).then(
        async (response) => (await response.arrayBuffer(), response.status),
        (error: unknown) => String(error),
      );
      answered += 1;
      if (outcome !== expected) wrong.push(`${new Date().toISOString()} ${outcome} instead of ${expected}`);
    };

    let restarts = 0;
    const end = performance.now() + DURATION_MS;
    const rolling = (async () => {
      while (performance.now() < end - 10_000) {
        const index = restarts % 2;
        replicas[index]?.signal('SIGTERM');
        expect(await replicas[index]?.exited).toBe(0);
        replicas[index] = await start(listens[index] ?? '');
        restarts += 1;
        await sleep(500);
      }
    })();

    const started = performance.now();
    const pending = new Set<Promise<void>>();
    for (let sent = 0; performance.now() < end;) {
      const due = ((performance.now() - started) / 1000) * REQUESTS_PER_SECOND;
      for (; sent < due; sent += 1) {
        const one = sent % 2 === 0 ? ask(credentials('gold'), 200) : ask({}, 401);
        pending.add(one);
        void one.finally(() => pending.delete(one));
      }
      await sleep(5);
    }
    await Promise.all(pending);
    await rolling;
    const asked = await envoy.stat('http.mesh.ext_authz.ok');
    const names = ['upstream_rq_timeout', 'upstream_rq_retry', 'upstream_cx_connect_fail', 'upstream_rq_rx_reset'];
    const causes = await Promise.all(
      names.map(async (name) => `${name} ${await envoy.stat(`cluster.ostiary.${name}`)}`),
    );
    await Promise.all([envoy.stop(), upstream.close(), ...replicas.map((replica) => replica.stop())]);

    console.log(`${answered} requests, ${restarts} restarts, ${wrong.length} wrong answers; ${causes.join(', ')}`);
    expect(wrong).toEqual([]);
    expect(restarts).toBeGreaterThanOrEqual(4);
    expect(answered).toBeGreaterThan((DURATION_MS / 1000) * REQUESTS_PER_SECOND * 0.95);
    expect(asked).toBeGreaterThan(0);
  }, 180_000);
});

// Not the 250 ms of the templates: on a machine that is busy with other things a Check waits for a core, and that is not
// what a restart loses.
const TIMEOUT_MS = 2000;

/** Its own listener and upstream; ostiary's part is what is compared. */
function generated(listens: readonly string[], upstreamPort: number): Promise<object> {
  const ostiary = listens.map((listen) => ({
    kind: 'tcp' as const,
    host: '127.0.0.1',
    port: Number(listen.split(':')[1]),
  }));
  const listener = { name: 'mesh', host: '127.0.0.1', port: 0, normalizePath: true, rawHeaders: false, api: undefined };
  const upstream = { host: '127.0.0.1', port: upstreamPort };
  return Promise.resolve(bootstrap({ ostiary, timeoutMs: TIMEOUT_MS, listeners: [listener], upstream }));
}

async function readmeSnippet(listens: readonly string[], upstreamPort: number): Promise<object> {
  const blocks = fencedBlocks(await readPage('README.md'), 'yaml');
  const blockWith = (text: string): string => blocks.find((block) => block.includes(text)) ?? '';
  const { http_filters } = parse(blockWith('http_filters:').replace('timeout: 0.25s', 'timeout: 2s')) as Parts;
  const addresses = listens
    .entries()
    .reduce(
      (text, [at, listen]) =>
        text.replace(
          new RegExp(`address: 10\\.0\\.0\\.1${at + 1}\\n( +)port_value: 9191`),
          `address: 127.0.0.1\n$1port_value: ${listen.split(':')[1]}`,
        ),
      blockWith('clusters:'),
    );
  const { clusters } = parse(addresses) as Parts;
  const config = (await generated(listens, upstreamPort)) as Configuration;
  const resources = config.static_resources;
  resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters = http_filters;
  resources.clusters = [...clusters, ...resources.clusters.filter(({ name }) => name !== 'ostiary')];
  return config;
}

interface Parts {
  readonly http_filters: object[];
  readonly clusters: { readonly name: string }[];
}

interface Configuration {
  readonly static_resources: {
    readonly listeners: [{ filter_chains: [{ filters: [{ typed_config: { http_filters: object[] } }] }] }];
    clusters: { readonly name: string }[];
  };
}
