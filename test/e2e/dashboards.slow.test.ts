import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboard } from '../../src/generate/dashboard.ts';
import { AUDIENCES } from '../../src/generate/panel.ts';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPrometheus } from '../real/prometheus.ts';
import type { RealPrometheus } from '../real/prometheus.ts';
import { freePort } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { send } from './request.ts';
import { newcomer, shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const prometheusPart = await partOrSkip('prometheus');

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const queries = AUDIENCES.flatMap((audience) =>
  (dashboard(audience) as Dashboard).panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ audience, title, expr, legendFormat })),
  ),
);

describe.skipIf(envoyPart === undefined || prometheusPart === undefined)('a Prometheus that scrapes ostiary', () => {
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;
  let upstream: Upstream;
  let prometheus: RealPrometheus;
  const over = new AbortController();
  let traffic: Promise<void>;

  beforeAll(async () => {
    const policies = documentsFolder([...shop, ...newcomer('spender', 'orders', 'bronze')]);
    const port = await freePort();
    upstream = await startUpstream();
    ostiary = await startOstiary({ policies, listen: `127.0.0.1:${port}` });
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
    prometheus = await startPrometheus([new URL(ostiary.adminUrl).host]);
    traffic = sendOnAndOn();
  }, 60_000);
  afterAll(async () => {
    over.abort();
    await traffic;
    await Promise.all([prometheus?.stop(), envoy?.stop(), ostiary?.stop(), upstream?.close()]);
  });

  /** Allowed, denied for several reasons, and beyond a quota, again and again. */
  async function sendOnAndOn(): Promise<void> {
    while (!over.signal.aborted) {
      const port = envoy.port('in');
      await Promise.all([
        send(port, '/orders/1', { headers: credentials('gold') }),
        send(port, '/orders/1', { headers: credentials('spender') }),
        send(port, '/orders/1'),
        send(port, '/closed/1'),
        send(port, '/nobodys'),
        new Promise((resolve) => {
          setTimeout(resolve, 100);
        }),
      ]);
    }
  }

  /** As Grafana asks, with what its variables stand for. */
  const asked = (expr: string): string =>
    expr.replaceAll('$__rate_interval', '10s').replaceAll('"$api"', '"orders"').replaceAll('"$client"', '"spender"');

  test.each(queries)(
    'has data for $audience: $title ($legendFormat)',
    async ({ expr, legendFormat }) => {
      const query = asked(expr);
      expect(query).not.toContain('$');
      const values = async (): Promise<readonly number[]> =>
        (await prometheus.query(query)).map(({ value }) => value).filter((value) => !Number.isNaN(value));
      await expect.poll(values, { timeout: 150_000, interval: 500 }).not.toEqual([]);
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const [sample] = await prometheus.query(query);
      for (const label of labels) expect(Object.keys(sample?.labels ?? {})).toContain(label);
    },
    160_000,
  );

  test('knows the values that the variables offer', async () => {
    for (const audience of AUDIENCES) {
      for (const { name, definition } of (dashboard(audience) as Dashboard).templating.list) {
        if (definition === undefined) continue;
        const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
        expect(label).toBe(name);
        const found = await prometheus.query(`count by (${label}) (${selector})`);
        expect(found.map(({ labels }) => labels[label])).toContain(label === 'api' ? 'orders' : 'spender');
      }
    }
  });
});
