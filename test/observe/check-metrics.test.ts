import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Denial } from '../../src/denial/denial.ts';
import { createCheckMetrics } from '../../src/observe/check-metrics.ts';
import { contractOf, decision, step } from './decisions.ts';
import { scraperOf } from './scrape.ts';

const QUOTA_SPENT: Denial = { reason: 'quota_spent', detail: '', windows: [], cost: 1 };
const INVALID: Denial = { reason: 'token_invalid', detail: '' };

test('allows and denials are counted by API, outcome, policy and reason', async () => {
  const { metrics, line } = scraped();
  metrics.decided(decision(), 0.2);
  metrics.decided(decision(), 0.2);
  metrics.decided(decision({ denial: INVALID, policy: 'orders/0' }), 0.2);
  expect(await line('ostiary_checks_total{api="orders",outcome="allow",policy="",reason=""}')).toBe(2);
  expect(await line('ostiary_checks_total{api="orders",outcome="deny",policy="orders/0",reason="token_invalid"}')).toBe(
    1,
  );
});

test('durations fall into cumulative buckets in seconds', async () => {
  const { metrics, line } = scraped();
  for (const durationMs of [0.02, 0.1, 0.3, 5000]) metrics.decided(decision(), durationMs);
  const bucket = (le: string) => line(`ostiary_check_duration_seconds_bucket{outcome="allow",le="${le}"}`);
  expect(await bucket('0.000025')).toBe(1);
  expect(await bucket('0.0001')).toBe(2);
  expect(await bucket('0.0005')).toBe(3);
  expect(await bucket('1')).toBe(3);
  expect(await bucket('+Inf')).toBe(4);
  expect(await line('ostiary_check_duration_seconds_count{outcome="allow"}')).toBe(4);
  expect(await line('ostiary_check_duration_seconds_sum{outcome="allow"}')).toBeCloseTo(5.00042, 9);
});

test('each policy is counted with its mode, and those that did not run are not', async () => {
  const { metrics, line } = scraped();
  const steps = [
    step({ name: 'a' }),
    step({ name: 'b', policy: 'rate-limiting', mode: 'shadow', result: 'deny', denial: QUOTA_SPENT }),
    step({ name: 'c', result: 'failed' }),
    step({ name: 'd', result: 'not_applicable' }),
    step({ name: 'e', result: 'not_reached' }),
  ];
  metrics.decided(decision({ steps }), 1);
  const result = 'ostiary_policy_decisions_total';
  expect(await line(`${result}{policy="a",kind="jwt-validation",mode="enforce",result="allow",reason=""}`)).toBe(1);
  expect(
    await line(`${result}{policy="b",kind="rate-limiting",mode="shadow",result="deny",reason="quota_spent"}`),
  ).toBe(1);
  expect(await line(`${result}{policy="c",kind="jwt-validation",mode="enforce",result="failed",reason=""}`)).toBe(1);
  expect(await line('ostiary_policy_duration_seconds_count{policy="a",kind="jwt-validation"}')).toBe(1);
  expect(await line('ostiary_policy_duration_seconds_count{policy="d",kind="jwt-validation"}')).toBeUndefined();
  expect(await line('ostiary_policy_duration_seconds_count{policy="e",kind="jwt-validation"}')).toBeUndefined();
});

test('a policy that changes its mode by a reload is counted under both', async () => {
  const { metrics, line } = scraped();
  const name = 'ostiary_policy_decisions_total';
  metrics.decided(decision({ steps: [step({ mode: 'shadow' })] }), 1);
  metrics.decided(decision({ steps: [step()] }), 1);
  metrics.decided(decision({ steps: [step({ mode: 'shadow' })] }), 1);
  const series = (mode: string) =>
    line(`${name}{policy="orders/0",kind="jwt-validation",mode="${mode}",result="allow",reason=""}`);
  expect(await series('shadow')).toBe(2);
  expect(await series('enforce')).toBe(1);
});

test('units are admitted where the whole request was, and refused where the quota was spent', async () => {
  const { metrics, line } = scraped();
  const identity = { contract: contractOf('web') };
  const quota = (parts: Parameters<typeof step>[0]) => step({ name: 'q', policy: 'rate-limiting-sla', ...parts });
  const units = (result: string, policy = 'q') =>
    line(`ostiary_quota_units_total{api="orders",policy="${policy}",tier="gold",result="${result}"}`);

  metrics.decided(decision({ identity, steps: [quota({ cost: 3 })] }), 1);
  metrics.decided(
    decision({
      identity,
      denial: QUOTA_SPENT,
      policy: 'q',
      steps: [quota({ name: 'other', cost: 5 }), quota({ cost: 5, result: 'deny', denial: QUOTA_SPENT })],
    }),
    1,
  );
  metrics.decided(decision({ identity, steps: [quota({ cost: 7, mode: 'shadow' })] }), 1);

  expect(await units('admitted')).toBe(3);
  expect(await units('refused')).toBe(5);
  expect(await units('admitted', 'other')).toBeUndefined();
});

test('client ids are label values up to the cap, then they share one', async () => {
  const { metrics, line, text } = scraped(2);
  for (const clientId of ['a', 'b', 'c', 'd', 'a']) {
    metrics.decided(decision({ identity: { contract: contractOf(clientId) } }), 1);
  }
  const series = (clientId: string) =>
    line(`ostiary_client_checks_total{api="orders",client_id="${clientId}",outcome="allow"}`);
  expect(await series('a')).toBe(2);
  expect(await series('b')).toBe(1);
  expect(await series('_other')).toBe(2);
  expect(await text()).not.toContain('client_id="c"');
});

test('a client without a contract is no label', async () => {
  const { metrics, text } = scraped();
  metrics.decided(decision({ identity: { client: contractOf('stranger').client } }), 1);
  expect(await text()).not.toContain('stranger');
});

test('names that are dangerous in objects and in the text format are counted like others', async () => {
  const { metrics, line } = scraped();
  metrics.decided(decision({ api: '__proto__' }), 1);
  metrics.decided(decision({ api: 'a"b\\c' }), 1);
  expect(await line('ostiary_checks_total{api="__proto__",outcome="allow",policy="",reason=""}')).toBe(1);
  expect(await line('ostiary_checks_total{api="a\\"b\\\\c",outcome="allow",policy="",reason=""}')).toBe(1);
});

test('a Check that ends as a gRPC error is counted by its error', async () => {
  const { metrics, line } = scraped();
  metrics.failed('malformed');
  metrics.failed('malformed');
  expect(await line('ostiary_check_errors_total{error="malformed"}')).toBe(2);
});

function scraped(maxClients?: number) {
  const registry = new Registry();
  return { metrics: createCheckMetrics(registry, maxClients), ...scraperOf(registry) };
}
