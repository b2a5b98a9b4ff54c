import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { systemResolve } from '../../src/egress/lookup.ts';
import { egressTransport } from '../../src/egress/transport.ts';
import type { EgressTransport } from '../../src/egress/transport.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import { collector } from '../../src/tracing/collector.ts';
import type { Span } from '../../src/tracing/spans.ts';
import { TraceExport } from '../../src/tracing/trace-export.ts';
import { createTraceMetrics } from '../../src/tracing/trace-metrics.ts';
import { credentials, documentsFolder } from '../e2e/documents.ts';
import { send } from '../e2e/request.ts';
import { shop } from '../e2e/shop.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startCollector } from '../real/otel-collector.ts';
import type { RealCollector } from '../real/otel-collector.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { endedCheck } from './ended-check.ts';
import { spansIn, unzipped } from './otlp-receiver.ts';

const parts = [await partOrSkip('otelcol'), await partOrSkip('envoy')];
const PATIENCE = { timeout: 20_000, interval: 100 };
const TOKEN = 'token-of-the-collector';

describe.skipIf(parts.includes(undefined))('a real OpenTelemetry Collector', () => {
  let taker: RealCollector;
  beforeAll(async () => {
    taker = await startCollector({ token: TOKEN });
  });
  afterAll(() => taker?.stop());

  const taken = (): readonly Span[] => taker.taken('traces').flatMap((message) => spansIn(JSON.stringify(message)));

  test('has the spans that were sent, each as it was', async () => {
    const sent: Span[] = [];
    const anywhere = { problemOf: () => undefined, problemOfAddress: () => undefined };
    const real = egressTransport({ variables: {}, rules: anywhere, resolve: systemResolve(), timers: systemTimers });
    const watched: EgressTransport = (url, sending) => {
      sent.push(...spansIn(unzipped(sending.body)));
      return real(url, sending);
    };
    const metrics = createTraceMetrics(new Registry());
    const exporting = new TraceExport({
      deliver: collector({
        transport: watched,
        url: `${taker.url}/v1/traces`,
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
      clock: systemClock,
      timers: systemTimers,
      random: Math.random,
      metrics,
      resource: [],
      version: '1.2.3',
      spans: { wallMs: (ms) => 1_700_000_000_000 + ms, randomHex: (bytes) => 'ab'.repeat(bytes), store: 'redis' },
      tell: () => undefined,
    });
    for (let i = 0; i < 299; i++) exporting.take(endedCheck());
    exporting.take(endedCheck({ decision: undefined, code: 4 }));
    await exporting.close();
    expect(metrics.spans.exported.value).toBe(sent.length);
    expect(sent.length).toBe(300 * 3);
    await vi.waitFor(() => expect(taken().length).toBe(sent.length), PATIENCE);
    // It writes the status of what is no error as an empty one.
    const written = sent.map((span) => (span.status === undefined ? Object.assign(span, { status: {} }) : span));
    expect(taken()).toEqual(written);
  });

  test('without its token takes nothing, and the spans count as refused', async () => {
    const anywhere = { problemOf: () => undefined, problemOfAddress: () => undefined };
    const transport = egressTransport({
      variables: {},
      rules: anywhere,
      resolve: systemResolve(),
      timers: systemTimers,
    });
    const deliver = collector({ transport, url: `${taker.url}/v1/traces`, headers: {} });
    expect(await deliver(new Uint8Array())).toEqual({ result: 'refused', detail: 'status 401' });
  });

  describe('to which a real Envoy and ostiary send', () => {
    let upstream: Upstream;
    let ostiary: RealOstiary;
    let envoy: RealEnvoy;
    beforeAll(async () => {
      upstream = await startUpstream();
      const port = await freePort();
      ostiary = await startOstiary({
        policies: documentsFolder(shop),
        listen: `127.0.0.1:${port}`,
        args: ['--traces-otlp', taker.url],
        env: { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${TOKEN}`, OTEL_SERVICE_NAME: 'the-data-plane' },
      });
      envoy = await startEnvoy(configuration(port, upstream.port, new URL(taker.url).port));
    });
    afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close()]));

    test('has one trace of both: the Check below the span of the call that Envoy made', async () => {
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
      const headers = { ...credentials('gold'), traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      expect((await send(envoy.port('in'), '/orders/1', { headers })).status).toBe(200);
      const spans = await vi.waitFor(() => {
        const found = taken().filter((span) => span.traceId === traceId);
        // The request and the call of Envoy; the Check, two policies and the store of ostiary.
        expect(found.map(({ name }) => name).toSorted()).toEqual([
          'async envoy.service.auth.v3.Authorization.Check egress',
          'charge counters',
          'envoy.service.auth.v3.Authorization/Check',
          'ingress',
          'policy orders/client-id-enforcement',
          'policy orders/rate-limiting-sla',
        ]);
        return found;
      }, PATIENCE);
      const named = (part: string) => spans.find(({ name }) => name.includes(part))!;
      expect(named('ingress').parentSpanId).toBe('00f067aa0ba902b7');
      expect(named('egress').parentSpanId).toBe(named('ingress').spanId);
      expect(named('Authorization/Check').parentSpanId).toBe(named('egress').spanId);
      expect(named('policy').parentSpanId).toBe(named('Authorization/Check').spanId);
      expect(JSON.stringify(taker.taken('traces'))).toContain('the-data-plane');
    });
  });
});

interface Bootstrap {
  static_resources: {
    listeners: { filter_chains: { filters: { typed_config: { tracing?: object } }[] }[] }[];
    clusters: object[];
  };
}

/** What `ostiary generate bootstrap` prints, with Envoy's own spans for the same Collector. */
function configuration(port: number, upstreamPort: number, collectorPort: string): object {
  const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
  const generated = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port },
    timeoutMs: 2000,
    listeners: [listener],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  const { listeners, clusters } = generated.static_resources;
  const uri = { uri: 'http://collector/v1/traces', cluster: 'collector', timeout: '2s' };
  const header = { key: 'authorization', value: `Bearer ${TOKEN}` };
  listeners[0]!.filter_chains[0]!.filters[0]!.typed_config.tracing = {
    provider: {
      name: 'envoy.tracers.opentelemetry',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig',
        service_name: 'envoy',
        http_service: { http_uri: uri, request_headers_to_add: [{ header }] },
      },
    },
  };
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: Number(collectorPort) } } };
  clusters.push({
    name: 'collector',
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: 'collector', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  });
  return generated;
}
