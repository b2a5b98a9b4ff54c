import { describe, expect, test } from 'vitest';
import { Code } from '../../src/grpc/rpc.ts';
import { spansOf } from '../../src/tracing/spans.ts';
import { endedCheck } from './ended-check.ts';
import { valuesOf } from './otlp-receiver.ts';

let ids = 0;
const ports = {
  wallMs: (monotonicMs: number) => 1_700_000_000_000 + monotonicMs,
  randomHex: (bytes: number) => String(++ids).padStart(bytes * 2, '0'),
  store: 'redis',
};
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

test('a Check has a span, and below it one for each policy that was asked and each call of the store', () => {
  const { steps } = endedCheck();
  const [{ step } = { step: undefined! }] = steps;
  const unasked = ['not_applicable', 'not_reached'] as const;
  const all = [...steps, ...unasked.map((result) => ({ step: { ...step, result }, startedAt: 3 }))];
  const [check, policy, store, ...more] = spansOf(endedCheck({ steps: all }), ports);
  expect(more).toEqual([]);
  expect(check).toMatchObject({
    kind: 2,
    startTimeUnixNano: '1700000000001000000',
    endTimeUnixNano: '1700000000009063000',
  });
  expect(policy).toMatchObject({ kind: 1, parentSpanId: check?.spanId, endTimeUnixNano: '1700000000005000000' });
  expect(valuesOf(policy?.attributes ?? [])).toMatchObject({ 'ostiary.cost': '2' });
  expect(store).toMatchObject({ kind: 3, parentSpanId: check?.spanId });
  expect(valuesOf(store?.attributes ?? [])).toMatchObject({ 'db.system.name': 'redis', 'ostiary.store.counters': '1' });
  expect(new Set([check?.spanId, policy?.spanId, store?.spanId]).size).toBe(3);
});

test('what Redis was not asked for is no span of a client', () => {
  const calls = [{ startedAt: 2, endedAt: 2.01, demands: 1, hasWaited: false, result: 'granted' as const }];
  const store = spansOf(endedCheck({ calls }), ports)[2];
  expect(store?.kind).toBe(1);
  expect(valuesOf(store?.attributes ?? [])).not.toHaveProperty('db.system.name');
});

describe('the status', () => {
  const { steps, decision } = endedCheck();
  const [{ step } = { step: undefined! }] = steps;
  const failure = { reason: 'policy_failed', detail: 'secret-of-a-caller' } as const;
  const failed = { ...step, result: 'failed' as const, denial: failure };

  test('is an error where a policy failed and the request was denied for it', () => {
    const [check, policy] = spansOf(
      endedCheck({ steps: [{ step: failed, startedAt: 2 }], decision: { ...decision!, denial: failure } }),
      ports,
    );
    expect(check?.status).toEqual({ code: 2 });
    expect(policy?.status).toEqual({ code: 2 });
    expect(valuesOf(policy?.attributes ?? [])).toMatchObject({ 'error.type': 'policy_failed' });
    expect(JSON.stringify([check, policy])).not.toContain('secret-of-a-caller');
  });

  test('is one of the policy alone where its failure lets pass', () => {
    const [check, policy] = spansOf(endedCheck({ steps: [{ step: failed, startedAt: 2 }] }), ports);
    expect(check?.status).toBeUndefined();
    expect(policy?.status).toEqual({ code: 2 });
  });

  test('is an error where nobody waited for the decision any more', () => {
    for (const [code, name] of [
      [Code.deadlineExceeded, 'DEADLINE_EXCEEDED'],
      [Code.cancelled, 'CANCELLED'],
    ] as const) {
      const [check] = spansOf(endedCheck({ decision: undefined, code }), ports);
      expect(check?.status).toEqual({ code: 2 });
      expect(valuesOf(check?.attributes ?? [])).toMatchObject({ 'rpc.response.status_code': name, 'error.type': name });
    }
  });
});

test('a method that no standard knows is the caller’s own word, and not told', () => {
  const [check] = spansOf(endedCheck({ method: 'SECRET' }), ports);
  expect(valuesOf(check?.attributes ?? [])).toMatchObject({ 'http.request.method': '_OTHER' });
});

test('the parent is remote, and its state goes on in every span', () => {
  const parent = { traceId: TRACE_ID, spanId: '00f067aa0ba902b7', state: 'a=b' };
  const spans = spansOf(endedCheck({ trace: { traceId: TRACE_ID, parent } }), ports);
  expect(spans.map(({ traceState }) => traceState)).toEqual(['a=b', 'a=b', 'a=b']);
  expect(spans.map(({ flags }) => flags)).toEqual([0x301, 0x101, 0x101]);
  expect(spans[0]?.parentSpanId).toBe(parent.spanId);
});
