import { describe, expect, test } from 'vitest';
import { eventJson } from '../../src/sinks/event-json.ts';
import { CODE_NAMES } from '../../src/otlp.ts';
import { ATTRIBUTES, otlpRecord } from '../../src/sinks/otlp-record.ts';
import { madeEvent } from './made-event.ts';

const bare = madeEvent({
  outcome: 'rejected_by_envoy',
  status: 0,
  responseFlags: [],
  requestBytes: 0,
  responseBytes: 0,
  ...Object.fromEntries(
    Object.keys(madeEvent())
      .filter((field) => !/^(?:id|receivedAt|endedAt|outcome|method|status|responseFlags|.*Bytes)$/.test(field))
      .map((field) => [field, undefined]),
  ),
});

interface Record {
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

const attributesOf = (text: string): { [key: string]: object } =>
  Object.fromEntries((JSON.parse(text) as Record).attributes.map(({ key, value }) => [key, value]));

describe('an event as JSON', () => {
  test('has every field, in the words of the page', () => {
    expect(JSON.parse(eventJson(madeEvent()))).toEqual({
      id: 'q83vAAAAAAABAAAAAAAAAAAAAAAA',
      received_at: '2025-11-28T03:20:00.123Z',
      ended_at: '2025-11-28T03:20:00.173Z',
      api: 'orders',
      api_version: 'v1',
      route: '/orders/{id}',
      client: 'web-shop',
      client_id: 'shop-1',
      contract: 'web-shop-orders',
      tier: 'gold',
      outcome: 'blocked',
      policy: 'orders/limit',
      reason: 'quota_spent',
      shadow: ['orders/allowlist:address_denied', 'orders/body:body_invalid'],
      method: 'POST',
      status: 429,
      grpc_status: 8,
      response_flags: ['UAEX'],
      details: 'ext_authz_denied',
      request_bytes: 1024,
      response_bytes: 256,
      duration_ms: 50.25,
      upstream_ms: 12.5,
      policy_ms: 0.734,
      client_address: '192.0.2.0/24',
      user_agent: 'curl',
      request_id: '6f1c1f8e-7a7b-4a3c-9a54-0a1f5f2b8c11',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      source: 'spiffe://cluster.local/ns/shop/sa/web',
      destination: 'sidecar~10.0.0.7~orders-5f~shop',
      service: 'outbound|8080||orders.shop.svc.cluster.local',
      upstream_host: '10.0.0.7:8080',
    });
    expect(Object.keys(JSON.parse(eventJson(madeEvent())) as object)).toHaveLength(Object.keys(madeEvent()).length);
  });

  test('leaves out what is not known, and is one line whatever a text holds', () => {
    const { id } = bare;
    expect(JSON.parse(eventJson(bare))).toEqual({
      id,
      received_at: '2025-11-28T03:20:00.123Z',
      ended_at: '2025-11-28T03:20:00.173Z',
      outcome: 'rejected_by_envoy',
      method: 'POST',
      status: 0,
      request_bytes: 0,
      response_bytes: 0,
    });
    expect(eventJson(madeEvent({ details: 'a\nb\u2028c"\0\uD800' }))).not.toMatch(/[\n\0]/);
  });

  test.each([NaN, Infinity, -Infinity, 1e300, -1e300])('says null of a time that no calendar has: %d', (ms) => {
    expect(JSON.parse(eventJson(madeEvent({ receivedAt: ms })))).toMatchObject({ received_at: null });
  });
});

describe('an event as a log record of OpenTelemetry', () => {
  test('has every field', () => {
    const record = JSON.parse(otlpRecord(madeEvent())) as { [key: string]: unknown };
    expect(record).toMatchObject({
      timeUnixNano: '1764300000173000000',
      observedTimeUnixNano: '1764300000173000000',
      severityNumber: 9,
      eventName: 'ostiary.request',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      body: { stringValue: 'POST /orders/{id} 429 blocked quota_spent' },
    });
    const attributes = attributesOf(otlpRecord(madeEvent()));
    expect(Object.keys(attributes)).toEqual(ATTRIBUTES.map(([, name]) => name));
    expect(attributes).toMatchObject({
      'log.record.uid': { stringValue: 'q83vAAAAAAABAAAAAAAAAAAAAAAA' },
      'http.response.status_code': { intValue: '429' },
      'rpc.response.status_code': { stringValue: 'RESOURCE_EXHAUSTED' },
      'ostiary.duration_ms': { doubleValue: 50.25 },
      'ostiary.response_flags': { arrayValue: { values: [{ stringValue: 'UAEX' }] } },
      'http.request.header.x-request-id': {
        arrayValue: { values: [{ stringValue: '6f1c1f8e-7a7b-4a3c-9a54-0a1f5f2b8c11' }] },
      },
    });
    // `endedAt` is the time, and `traceId` a field of its own.
    const named = new Set<string>([...ATTRIBUTES.map(([field]) => field), 'endedAt', 'traceId']);
    expect(Object.keys(madeEvent()).filter((field) => !named.has(field))).toEqual([]);
  });

  test('leaves out what is not known', () => {
    expect(Object.keys(attributesOf(otlpRecord(bare)))).toEqual([
      'log.record.uid',
      'ostiary.received_unix_ms',
      'ostiary.outcome',
      'http.request.method',
    ]);
    expect(JSON.parse(otlpRecord(bare))).not.toHaveProperty('traceId');
  });

  test('is well formed whatever an Envoy sends', () => {
    const numbers = [NaN, Infinity, -1, 1e300, 2 ** 63, 0.5];
    for (const value of numbers) {
      const event = madeEvent({
        receivedAt: value,
        endedAt: value,
        status: value,
        requestBytes: value,
        durationMs: value,
        grpcStatus: value,
        traceId: '0'.repeat(32),
        details: '\uD800"\\\0\n',
      });
      const text = otlpRecord(event);
      expect(JSON.parse(text)).toMatchObject({ timeUnixNano: expect.stringMatching(/^\d+$/) });
      expect(text).not.toMatch(/traceId|"intValue":"[^"]*[^0-9"]|:-?(?:NaN|Infinity)|\\ud800/);
    }
    expect(CODE_NAMES).toHaveLength(17);
  });
});
