import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/alerts/notification.ts';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { runMain } from '../cli/run-main.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPrometheus } from '../real/prometheus.ts';
import type { RealPrometheus } from '../real/prometheus.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import type { Document } from './documents.ts';
import { send } from './request.ts';
import { newcomer, shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const prometheusPart = await partOrSkip('prometheus');

const alert = (name: string, spec: object): Document => ({
  kind: 'Alert',
  metadata: { name },
  spec: { api: 'orders', notify: ['ops'], ...spec },
});
const PATIENCE = { timeout: 60_000, interval: 250 };

interface Told extends Pick<Message, 'alert' | 'status' | 'labels'> {
  readonly at: number;
}

describe.skipIf(envoyPart === undefined || prometheusPart === undefined)('a rush of requests that are refused', () => {
  let receiver: Server;
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;
  let upstream: Upstream;
  let prometheus: RealPrometheus;
  let start: () => Promise<RealOstiary>;
  const told: Told[] = [];
  const dataDir = join(scratchFolder('alerts'), 'data');

  beforeAll(async () => {
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { alert: name, status, labels } = JSON.parse(await text(request)) as Message;
      told.push({ alert: name, status, labels, at: Date.now() });
      response.end();
    };
    receiver = createServer((request, response) => void take(request, response));
    await new Promise<void>((resolve) => {
      receiver.listen(0, '127.0.0.1', resolve);
    });
    const hook = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    const policies = documentsFolder([
      ...shop,
      ...newcomer('spender', 'orders', 'bronze'),
      { kind: 'Webhook', metadata: { name: 'ops' }, spec: { url: `http://${hook}/` } },
      alert('refused', { metric: 'denials', threshold: 40, window: '1m', severity: 'critical' }),
      alert('never', { metric: 'requests', filter: { status: '5xx' }, threshold: 0, window: '1m' }),
      alert('spent', { metric: 'quotaUsed', threshold: '90%' }),
    ]);
    const [checks, admin] = [await freePort(), await freePort()];
    start = () =>
      startOstiary({
        policies,
        listen: `127.0.0.1:${checks}`,
        adminListen: `127.0.0.1:${admin}`,
        args: ['--data-dir', dataDir],
      });
    ostiary = await start();
    upstream = await startUpstream();
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port: checks },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
    const { code, stdout, stderr } = await runMain(['generate', 'alerts', policies]);
    expect([code, stderr]).toEqual([0, '']);
    const rules = join(scratchFolder('rules'), 'rules.yaml');
    writeFileSync(rules, stdout);
    prometheus = await startPrometheus([`127.0.0.1:${admin}`], rules);
  });
  afterAll(async () => {
    await Promise.all([prometheus?.stop(), envoy?.stop(), ostiary?.stop(), upstream?.close()]);
    receiver?.close();
  });

  const firing = async (): Promise<readonly string[]> =>
    (await prometheus.query('ALERTS{alertstate="firing"}')).map(({ labels }) => String(labels['alertname'])).toSorted();

  const toldOf = (name: string): readonly string[] =>
    told.filter((each) => each.alert === name).map(({ status }) => status);

  async function refuse(times: number, pauseMs: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      expect((await send(envoy.port('in'), '/orders/1')).status).toBe(401);
      await sleep(pauseMs);
    }
  }

  test('fires in Prometheus and in ostiary, is told once though ostiary is killed, and ends in both', async () => {
    // Prometheus has to know the counters before they rise.
    await refuse(10, 1000);
    expect(await firing()).toEqual([]);
    for (let time = 0; time < 5; time++) await send(envoy.port('in'), '/orders/1', { headers: credentials('spender') });
    await refuse(80, 100);
    await expect.poll(firing, PATIENCE).toContain('refused');
    const there = Date.now();
    await expect.poll(() => toldOf('refused'), PATIENCE).toEqual(['firing']);
    const here = told.find((each) => each.alert === 'refused')?.at ?? 0;
    expect(Math.abs(there - here)).toBeLessThan(30_000);
    expect(told.find((each) => each.alert === 'refused')?.labels).toEqual({ api: 'orders' });
    expect(existsSync(join(dataDir, 'alerts.json'))).toBe(true);

    // Before it is killed: what was counted in its memory is gone then.
    await expect.poll(() => toldOf('spent').slice(0, 1), PATIENCE).toEqual(['firing']);
    await ostiary.kill();
    ostiary = await start();
    await expect
      .poll(async () => (await fetch(`${ostiary.adminUrl}/metrics`)).text(), PATIENCE)
      .toContain('ostiary_alerts{alert="refused",severity="critical",state="firing"} 1');
    await expect.poll(() => toldOf('refused'), { timeout: 150_000, interval: 500 }).toEqual(['firing', 'resolved']);
    await expect.poll(firing, PATIENCE).not.toContain('refused');
    expect(toldOf('never')).toEqual([]);
    expect(toldOf('spent').slice(0, 1)).toEqual(['firing']);
  });
});
