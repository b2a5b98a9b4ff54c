import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Upstream } from '../../demo/upstream.ts';
import { startUpstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { Span } from '../../src/tracing/spans.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { startOtlpReceiver, valuesOf } from '../tracing/otlp-receiver.ts';
import type { OtlpReceiver } from '../tracing/otlp-receiver.ts';
import { credentials, documentsFolder } from './documents.ts';
import { TRANSPORTS } from './mesh.ts';
import { send } from './request.ts';
import { newcomer, shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const PATIENCE = { timeout: 20_000, interval: 100 };

const CHECK = 'envoy.service.auth.v3.Authorization/Check';
const SENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

interface ConnectionManager {
  tracing?: object;
}

interface Bootstrap {
  static_resources: {
    listeners: { filter_chains: { filters: { typed_config: ConnectionManager }[] }[] }[];
    clusters: object[];
  };
}

/** One listener without tracing, and one that traces to the receiver as Zipkin's clients do, with the B3 headers. */
function configuration(port: number, upstreamPort: number, receiverPort: number): object {
  const listener = { host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
  const generated = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port },
    timeoutMs: 2000,
    listeners: [
      { ...listener, name: 'untraced' },
      { ...listener, name: 'traced' },
    ],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  const { listeners, clusters } = generated.static_resources;
  const traced = listeners[1]?.filter_chains[0]?.filters[0]?.typed_config;
  traced!.tracing = {
    provider: {
      name: 'envoy.tracers.zipkin',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.config.trace.v3.ZipkinConfig',
        collector_cluster: 'receiver',
        collector_endpoint: '/api/v2/spans',
        collector_endpoint_version: 'HTTP_JSON',
        trace_id_128bit: true,
      },
    },
  };
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: receiverPort } } };
  clusters.push({
    name: 'receiver',
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: 'receiver', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  });
  return generated;
}

describe.skipIf(envoyPart === undefined).each(TRANSPORTS)('Checks of a real Envoy are traced, by %s', (transport) => {
  let receiver: OtlpReceiver;
  let upstream: Upstream;
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    upstream = await startUpstream();
    const port = await freePort();
    const traces = ['--traces-otlp', `http://127.0.0.1:${receiver.port}`, '--traces-sample', '0'];
    ostiary = await startOstiary({
      policies: documentsFolder([...shop, ...newcomer('spender', 'orders', 'bronze')]),
      listen: `127.0.0.1:${port}`,
      args: ['--transport', transport, ...traces],
    });
    envoy = await startEnvoy(configuration(port, upstream.port, receiver.port));
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close()]);
    await receiver?.close();
  });

  /** The spans of one Check, its own first, once they have come. */
  async function spansOf(traceId: string): Promise<readonly Span[]> {
    return vi.waitFor(() => {
      const spans = receiver.spans().filter((span) => span.traceId === traceId);
      expect(spans.length).toBeGreaterThan(0);
      return spans;
    }, PATIENCE);
  }

  let last = 0;
  const newTraceId = () => `${transport === 'http2' ? 'a' : 'b'}${String(++last).padStart(31, '0')}`;

  test('the trace of the request goes on where Envoy has none: policies and the store below the Check', async () => {
    const traceId = newTraceId();
    const headers = { ...credentials('gold'), traceparent: `00-${traceId}-${SENT.spanId}-01`, tracestate: 'a=b' };
    expect((await send(envoy.port('untraced'), '/orders/1?card=4111', { headers })).status).toBe(200);
    const [check, ...others] = await spansOf(traceId);
    expect(check).toMatchObject({ name: CHECK, kind: 2, parentSpanId: SENT.spanId, traceState: 'a=b' });
    expect(valuesOf(check!.attributes)).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': CHECK,
      'rpc.response.status_code': 'OK',
      'http.request.method': 'GET',
      'ostiary.outcome': 'allow',
      'ostiary.api': 'orders',
      'ostiary.client': 'gold',
      'ostiary.tier': 'gold',
      'ostiary.snapshot': expect.any(String),
    });
    expect(others.map(({ name }) => name)).toEqual([
      'policy orders/client-id-enforcement',
      'policy orders/rate-limiting-sla',
      'charge counters',
    ]);
    for (const span of others) {
      expect(span).toMatchObject({ parentSpanId: check!.spanId, kind: 1 });
      expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(check!.startTimeUnixNano));
      expect(BigInt(span.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(check!.endTimeUnixNano));
    }
    const agoMs = Date.now() - Number(BigInt(check!.startTimeUnixNano) / 1_000_000n);
    expect(agoMs).toBeGreaterThanOrEqual(0);
    expect(agoMs).toBeLessThan(60_000);
    expect(JSON.stringify(receiver.messages)).not.toMatch(/4111|gold-secret|\/orders\/1/);
  });

  test('a denial is an answer: its span has the reason, and is no error', async () => {
    const traceId = newTraceId();
    const b3 = `${traceId}-${SENT.spanId}-1`;
    expect((await send(envoy.port('untraced'), '/orders/1', { headers: { b3 } })).status).toBe(401);
    const [check, policy, ...others] = await spansOf(traceId);
    expect(check?.status).toBeUndefined();
    expect(valuesOf(check!.attributes)).toMatchObject({
      'ostiary.outcome': 'deny',
      'ostiary.reason': 'client_rejected',
      'ostiary.policy.name': 'orders/client-id-enforcement',
      'rpc.response.status_code': 'OK',
    });
    expect(valuesOf(policy!.attributes)).toEqual({
      'ostiary.policy.name': 'orders/client-id-enforcement',
      'ostiary.policy.kind': 'client-id-enforcement',
      'ostiary.policy.mode': 'enforce',
      'ostiary.policy.result': 'deny',
      'ostiary.reason': 'client_rejected',
    });
    expect(others).toEqual([]);
  });

  test('where Envoy traces, the span of its own call is the parent, and what it has decided holds', async () => {
    const traceId = newTraceId();
    const several = { 'x-b3-traceid': traceId, 'x-b3-spanid': SENT.spanId, 'x-b3-sampled': '1' };
    expect((await send(envoy.port('traced'), '/open/1', { headers: several })).status).toBe(200);
    const [check] = await spansOf(traceId);
    const envoys = await vi.waitFor(() => {
      const all = receiver.messages.filter(({ path }) => path === '/api/v2/spans');
      const spans = all.flatMap(({ body }) => JSON.parse(body) as ZipkinSpan[]);
      const call = spans.find((span) => span.traceId === traceId && span.name.startsWith('async '));
      expect(call).toBeDefined();
      return call!;
    }, PATIENCE);
    expect(check?.parentSpanId).toBe(envoys.id);
    expect(envoys.parentId).toBe(SENT.spanId);
    // Their clock is the same one here, but ours is read at the start and then counted on: some milliseconds apart.
    const slackMicros = 20_000;
    const [start, end] = [check!.startTimeUnixNano, check!.endTimeUnixNano].map((nanos) => Number(nanos) / 1000);
    expect(start).toBeGreaterThanOrEqual(envoys.timestamp - slackMicros);
    expect(end).toBeLessThanOrEqual(envoys.timestamp + envoys.duration + slackMicros);

    const unsampled = newTraceId();
    await send(envoy.port('traced'), '/open/1', {
      headers: { ...several, 'x-b3-traceid': unsampled, 'x-b3-sampled': '0' },
    });
    await send(envoy.port('untraced'), '/open/1', { headers: { traceparent: `00-${unsampled}-${SENT.spanId}-00` } });
    await send(envoy.port('untraced'), '/open/1');
    const after = newTraceId();
    await send(envoy.port('untraced'), '/open/1', { headers: { b3: `${after}-${SENT.spanId}-d` } });
    await spansOf(after);
    expect(receiver.spans().filter((span) => span.traceId === unsampled)).toEqual([]);
    // With a ratio of 0 no trace begins here.
    expect(receiver.spans().filter(({ name, parentSpanId }) => name === CHECK && parentSpanId === undefined)).toEqual(
      [],
    );
  });

  test('what is sent is counted, and tells whose it is', async () => {
    const text = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
    expect(text).toMatch(/ostiary_traced_checks_total\{result="kept"\} [1-9]/);
    await vi.waitFor(async () => {
      const now = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
      expect(now).toContain(`ostiary_trace_spans_total{result="exported"} ${receiver.spans().length}`);
    }, PATIENCE);
    const { body } = receiver.messages.find(({ path }) => path === '/v1/traces')!;
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: [{ resource: { attributes: Span['attributes'] } }] };
    expect(valuesOf(resourceSpans[0].resource.attributes)).toMatchObject({ 'service.name': 'ostiary' });
  });
});

interface ZipkinSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  /** Microseconds. */
  readonly timestamp: number;
  readonly duration: number;
}
