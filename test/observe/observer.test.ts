import { expect, test } from 'vitest';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createObserver } from '../../src/observe/observer.ts';
import { checkOf, decision, stoppedClock } from './decisions.ts';
import { logInMemory } from './lines.ts';
import { scraperOf } from './scrape.ts';

test('a decided Check is counted and logged', async () => {
  const { observer, lines, line } = observing();
  observer.decided(decision({ denial: { reason: 'api_unknown', detail: '' } }), checkOf(), 1);
  expect(await line('ostiary_checks_total{api="orders",outcome="deny",policy="",reason="api_unknown"}')).toBe(1);
  expect(lines()).toMatchObject([{ msg: 'decision', reason: 'api_unknown' }]);
});

test('a host that differs by its port alone is counted each time, and told once for each API', async () => {
  const { observer, lines, line } = observing();
  const difference = { host: 'orders.example.com:8080', api: 'orders', outcome: 'refused' } as const;
  for (let i = 0; i < 20; i++) observer.hostDiffers(difference);
  observer.hostDiffers({ ...difference, api: 'bills', outcome: 'other_api' });
  expect(await line('ostiary_host_differs_total{outcome="refused"}')).toBe(20);
  expect(await line('ostiary_host_differs_total{outcome="other_api"}')).toBe(1);
  expect(lines()).toMatchObject([
    { level: 'warn', api: 'orders', outcome: 'refused' },
    { level: 'warn', api: 'bills', outcome: 'other_api' },
  ]);
});

test('an expression without a value is counted, and told in a bounded number of lines', async () => {
  const { observer, lines, line } = observing();
  const failure = {
    expression: `claims.role == '${'x'.repeat(4000)}'`,
    message: 'at 1:8: there is no "role" in claims',
  };
  for (let i = 0; i < 100; i++) observer.expressionFailed('orders/authorization', failure);
  expect(await line('ostiary_expression_errors_total{policy="orders/authorization"}')).toBe(100);
  expect(lines()).toHaveLength(10);
  expect(lines()[0]).toMatchObject({
    msg: 'expression failed',
    policy: 'orders/authorization',
    detail: failure.message,
  });
  expect(JSON.stringify(lines()[0]).length).toBeLessThan(1000);
});

test('suppressed lines are counted', async () => {
  const { observer, line } = observing();
  for (let i = 0; i < 8; i++) observer.decided(decision({ denial: { reason: 'not_ready', detail: '' } }), checkOf(), 1);
  expect(await line('ostiary_log_decisions_suppressed_total')).toBe(3);
});

test('a failure that repeats itself leaves a bounded number of lines, and all are counted', async () => {
  const { observer, lines, line } = observing();
  for (let i = 0; i < 100; i++) observer.failed('malformed');
  expect(await line('ostiary_check_errors_total{error="malformed"}')).toBe(100);
  expect(lines()).toHaveLength(10);
});

test('a failed fetch of a key set is a warning with its reason', async () => {
  const { observer, lines, line } = observing();
  const fetch = {
    url: 'https://issuer.example.com/keys',
    durationMs: 20.4,
    endedAt: 0,
    keys: 2,
    withdrawn: 0,
    ignored: [],
  };
  observer.keySetFetched({ ...fetch, outcome: 'timeout', detail: 'no answer within 10 ms' });
  observer.keySetFetched({ ...fetch, outcome: 'success', detail: '' });
  observer.keySetFetched({ ...fetch, outcome: 'success', detail: '', withdrawn: 0, ignored: ['key 3 is too short'] });
  expect(lines()).toMatchObject([
    { level: 'warn', url: fetch.url, outcome: 'timeout', detail: 'no answer within 10 ms', keys: 2, duration_ms: 20 },
    { level: 'info', url: fetch.url, outcome: 'success' },
    { level: 'warn', url: fetch.url, ignored: ['key 3 is too short'] },
  ]);
  expect(await line(`ostiary_jwks_fetches_total{url="${fetch.url}",outcome="timeout"}`)).toBe(1);
});

test('an abusive peer and a fault of our own are counted and logged with their listener', async () => {
  const { observer, lines, line } = observing();
  const transport = observer.transport('grpc');
  transport.onAbuse('rapid_reset');
  transport.onInternalError(new RangeError('offset is out of bounds'));
  expect(await line('ostiary_rpc_abuse_total{listener="grpc",kind="rapid_reset"}')).toBe(1);
  expect(await line('ostiary_rpc_internal_errors_total{listener="grpc"}')).toBe(1);
  expect(lines()).toMatchObject([
    { level: 'warn', listener: 'grpc', reason: 'rapid_reset' },
    { level: 'error', listener: 'grpc', error: 'RangeError' },
  ]);
});

test('a gRPC method that fails unexpectedly is logged without the message of its error', () => {
  const { observer, lines } = observing();
  observer.callFailed('/grpc.health.v1.Health/Check', new TypeError('quotes eyJhbGciOi'));
  expect(lines()).toMatchObject([{ level: 'error', method: '/grpc.health.v1.Health/Check', error: 'TypeError' }]);
  expect(JSON.stringify(lines())).not.toContain('eyJ');
});

function observing() {
  const clock = stoppedClock();
  const memory = logInMemory();
  const metrics = createMetrics({ clock, version: '0.0.0' });
  const observer = createObserver({
    metrics,
    log: memory.log,
    clock,
    allowRate: 0,
    maxLinesPerSecond: 5,
    random: () => 0.5,
    clientAddress: (check) => check.sourceAddress,
  });
  return { observer, lines: memory.lines, ...scraperOf(metrics.registry) };
}

test('every explanation is counted, and logged within a bound without the request', async () => {
  const { observer, lines, line } = observing();
  const denial = { reason: 'client_rejected', cause: 'secret_wrong', detail: 'hunter2', challenge: '' } as const;
  for (let i = 0; i < 30; i++) observer.explained(decision({ denial, policy: 'orders/0' }));
  observer.explained(decision({}));
  expect(await line('ostiary_explanations_total{outcome="deny"}')).toBe(30);
  expect(await line('ostiary_explanations_total{outcome="allow"}')).toBe(1);
  expect(lines()).toHaveLength(10);
  expect(lines()[0]).toMatchObject({ level: 'info', msg: 'explained', outcome: 'deny', reason: 'client_rejected' });
  expect(JSON.stringify(lines())).not.toContain('hunter2');
});
