import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');

/** As the chart sets them. */
const drain = ['--drain-delay', '5s', '--drain', '15s'];
const durationMs = 60_000;
const requestsPerSecond = 500;

describe.skipIf(envoyPart === undefined)('two replicas behind a real Envoy', () => {
  test(`are restarted one after the other at ${requestsPerSecond} requests/s, and no request is answered wrongly`, async () => {
    const policies = documentsFolder(shop);
    const listens = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const start = (listen: string) => startOstiary({ policies, listen, args: drain });
    const replicas = await Promise.all(listens.map(start));
    const upstream = await startUpstream();
    const envoy = await startEnvoy(twoReplicas(listens, upstream.port));
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
    const end = performance.now() + durationMs;
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
      const due = ((performance.now() - started) / 1000) * requestsPerSecond;
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
    expect(answered).toBeGreaterThan((durationMs / 1000) * requestsPerSecond * 0.95);
    expect(asked).toBeGreaterThan(0);
  }, 180_000);
});

/** The generated configuration, with one endpoint a replica as a headless Service has. */
function twoReplicas(listens: readonly string[], upstreamPort: number): object {
  const endpoints = listens.map((listen) => ({ host: '127.0.0.1', port: Number(listen.split(':')[1]) }));
  const [first, second] = endpoints;
  const listener = { name: 'mesh', host: '127.0.0.1', port: 0, normalizePath: true, rawHeaders: false };
  const config = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port: first?.port ?? 0 },
    // Not the 250 ms of the templates: on a machine that is busy with other things a Check waits for a core, and
    // that is not what a restart loses.
    timeoutMs: 2000,
    listeners: [{ ...listener, api: undefined }],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as { static_resources: { clusters: { load_assignment: { endpoints: { lb_endpoints: object[] }[] } }[] } };
  const address = { socket_address: { address: '127.0.0.1', port_value: second?.port } };
  config.static_resources.clusters[0]?.load_assignment.endpoints[0]?.lb_endpoints.push({ endpoint: { address } });
  return config;
}
