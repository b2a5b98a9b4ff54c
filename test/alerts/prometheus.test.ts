import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import type { AlertRule } from '../../src/alerts/rule.ts';
import { prometheusRules } from '../../src/generate/alert-rules.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { rule } from './story.ts';
import type { Requests } from './story.ts';
import { World } from './world.ts';

const promtool = await partOrSkip('promtool');

const MINUTE = 60_000;
/** Before this minute Prometheus has no whole window. */
const FIRST = 12;
const LAST = 150;

let world: World | undefined;
afterEach(() => world?.evaluator?.close());

/** Requests of each minute: a quiet time, a rush, failures, slowness, denials, silence, and all well again. */
function minuteOf(minute: number): readonly Requests[] {
  const isIn = (from: number, until: number): boolean => minute >= from && minute < until;
  if (isIn(110, 130)) return [];
  const web = { api: 'orders', client: 'web', tier: 'gold', method: 'GET', outcome: 'processed', status: '200' };
  const users = { ...web, api: 'users', client: 'app', tier: '', count: 7, durationMs: 3 };
  const usual = { ...web, count: isIn(20, 33) ? 90 : 30, durationMs: 30 };
  const failed = { ...web, count: isIn(40, 52) ? 9 : 0, status: '503', durationMs: 30 };
  const slow = { ...web, count: isIn(60, 75) ? 12 : 0, durationMs: 3000 };
  const refused = { ...web, outcome: 'blocked', status: '429', policy: 'orders/limit', reason: 'quota_spent' };
  return [usual, failed, slow, { ...refused, count: isIn(80, 92) ? 25 : 1, durationMs: 1 }, users];
}

const alerts: readonly AlertRule[] = [
  rule({ name: 'rush', threshold: 600, windowMs: 10 * MINUTE }),
  rule({ name: 'long-rush', threshold: 600, windowMs: 10 * MINUTE, forMs: 5 * MINUTE }),
  rule({ name: 'too-long-rush', threshold: 600, windowMs: 10 * MINUTE, forMs: 60 * MINUTE }),
  rule({ name: 'failing', threshold: 20, windowMs: 10 * MINUTE, filter: { status: ['5xx'] } }),
  rule({
    name: 'of-a-client',
    threshold: 200,
    windowMs: 10 * MINUTE,
    apis: ['orders', 'users'],
    filter: { client: ['web'] },
  }),
  rule({ name: 'silent', operator: 'below', threshold: 5, windowMs: 10 * MINUTE, apis: ['orders', 'users'] }),
  rule({ name: 'share', metric: 'errorRatio', threshold: 0.1, windowMs: 10 * MINUTE, forMs: 3 * MINUTE }),
  rule({ name: 'slow', metric: 'responseTime', statistic: 'p95', threshold: 500, windowMs: 10 * MINUTE }),
  rule({ name: 'slow-median', metric: 'responseTime', statistic: 'p50', threshold: 500, windowMs: 10 * MINUTE }),
  rule({ name: 'slow-mean', metric: 'responseTime', statistic: 'average', threshold: 400, windowMs: 20 * MINUTE }),
  rule({ name: 'denied', metric: 'denials', threshold: 100, windowMs: 10 * MINUTE }),
  rule({ name: 'spent', metric: 'denials', threshold: 50, windowMs: 10 * MINUTE, filter: { reason: ['quota_spent'] } }),
  rule({
    name: 'missing',
    metric: 'denials',
    threshold: 0,
    windowMs: 10 * MINUTE,
    filter: { reason: ['token_missing'] },
  }),
  rule({
    name: 'incomplete',
    metric: 'completeness',
    apis: [],
    operator: 'below',
    threshold: 0.96,
    windowMs: 10 * MINUTE,
  }),
  rule({ name: 'nearly-spent', metric: 'quotaUsed', threshold: 0.805, windowMs: 0, forMs: 2 * MINUTE }),
  rule({
    name: 'budget',
    metric: 'burnRate',
    threshold: 14.4,
    objective: 0.999,
    windowMs: 60 * MINUTE,
    shortWindowMs: 5 * MINUTE,
  }),
];

/** Decisions of each minute, and those whose entry did not come. */
const decidedIn = (minute: number) => ({ decided: 50, unreported: minute >= 95 && minute < 103 ? 6 : 0 });

const USED = { api: 'orders', contract: 'web-orders', policy: 'orders/sla', window: '3600000' };
/** Rises for an hour, and begins anew. */
const usedAt = (minute: number): number => (minute % 60) / 60;

/** By name, the minutes at which it fires as ostiary evaluates it: of each API one. */
async function firingHere(): Promise<ReadonlyMap<string, readonly number[]>> {
  world = new World(...alerts);
  await world.open();
  const begin = world.time.now();
  const fires = new Map(alerts.map(({ name }) => [name, [] as number[]]));
  for (let minute = 0; minute <= LAST; minute++) {
    world.quotas = [{ labels: USED, client: 'web', tier: 'gold', used: usedAt(minute) }];
    // Up to the evaluation of what ended with this minute.
    world.time.advance(begin + minute * MINUTE + 4000 - world.time.now());
    await world.settle();
    const now = new Map(
      world.states.map((state) => state.split(' ')).map(([name, is, count]) => [`${name} ${is}`, count]),
    );
    for (const [name, counts] of fires) counts.push(Number(now.get(`${name} firing`) ?? 0));
    for (const row of minuteOf(minute)) world.story.add(begin + minute * MINUTE, row);
    const { decided, unreported } = decidedIn(minute);
    const part = { decided, unreported, reported: decided - unreported };
    world.story.addCompleteness(begin + minute * MINUTE, part);
  }
  return fires;
}

/** The same requests as the families of metrics that ostiary has, a value a minute. */
function series(): readonly { readonly series: string; readonly values: string }[] {
  const totals = new Map<string, number[]>();
  const count = (name: string, minute: number, by: number): void => {
    let values = totals.get(name);
    if (values === undefined) totals.set(name, (values = Array.from({ length: LAST + 1 }, () => 0)));
    for (let later = minute + 1; later <= LAST; later++) values[later] = (values[later] ?? 0) + by;
  };
  for (let minute = 0; minute < LAST; minute++) {
    for (const {
      api,
      client,
      tier,
      method,
      outcome,
      status = '',
      policy,
      reason,
      durationMs = 0,
      count: by,
    } of minuteOf(minute)) {
      const caller = `client="${client}",tier="${tier}",method="${method}"`;
      count(
        `ostiary_requests_total{api="${api}",${caller},status_class="${status[0]}xx",outcome="${outcome}"}`,
        minute,
        by,
      );
      if (outcome === 'blocked')
        count(`ostiary_policy_violations_total{api="${api}",policy="${policy}",reason="${reason}"}`, minute, by);
      for (let bound = 1; bound <= 65_536; bound *= 2) {
        const within = durationMs <= bound ? by : 0;
        count(`ostiary_request_duration_seconds_bucket{api="${api}",le="${bound / 1000}"}`, minute, within);
      }
      count(`ostiary_request_duration_seconds_bucket{api="${api}",le="+Inf"}`, minute, by);
      count(`ostiary_request_duration_seconds_count{api="${api}"}`, minute, by);
      count(`ostiary_request_duration_seconds_sum{api="${api}"}`, minute, (by * durationMs) / 1000);
    }
  }
  for (let minute = 0; minute < LAST; minute++) {
    const { decided, unreported } = decidedIn(minute);
    count('ostiary_analytics_decisions_total{state="reported"}', minute, decided - unreported);
    count('ostiary_analytics_decisions_total{state="unreported"}', minute, unreported);
    count('ostiary_analytics_decisions_total{state="late"}', minute, 0);
  }
  const contract = Object.entries(USED).map(([label, value]) => `${label}="${value}"`);
  const used = Array.from({ length: LAST + 1 }, (_, minute) => Math.round(usedAt(minute) * 600));
  return [
    { series: `ostiary_contract_used_units{${contract.join(',')}}`, values: used.join(' ') },
    { series: `ostiary_contract_limit_units{${contract.join(',')}}`, values: `600+0x${LAST}` },
    { series: 'ostiary_build_info{version="1"}', values: `1+0x${LAST}` },
    ...[...totals].map(([name, values]) => ({ series: name, values: values.join(' ') })),
  ];
}

describe.skipIf(promtool === undefined)('one story', () => {
  test('makes alerts fire at the same minutes in Prometheus and in ostiary', async () => {
    const here = await firingHere();
    const minutes = Array.from({ length: LAST - FIRST + 1 }, (_, at) => FIRST + at);
    // Each alert both fires and does not, but those that never may.
    const silent = [...here].filter(([, counts]) => counts.every((count) => count === 0)).map(([name]) => name);
    expect(silent).toEqual(['too-long-rush', 'slow-median', 'missing']);
    for (const [name, counts] of here) expect(counts.slice(FIRST), name).toContain(0);
    expect(Math.max(...(here.get('silent') ?? []))).toBe(2);

    const { groups, problems } = prometheusRules(alerts);
    expect(problems).toEqual([]);
    const folder = scratchFolder('story');
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups }));
    const tests = {
      rule_files: ['rules.yaml'],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: series(),
          promql_expr_test: alerts.flatMap(({ name }) =>
            minutes.map((minute) => ({
              expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) or vector(0)`,
              eval_time: `${minute}m`,
              exp_samples: [{ labels: '{}', value: here.get(name)?.[minute] ?? NaN }],
            })),
          ),
        },
      ],
    };
    writeFileSync(join(folder, 'tests.yaml'), JSON.stringify(tests));
    expect(await run('check', 'rules', join(folder, 'rules.yaml'))).toContain(`SUCCESS: ${alerts.length} rules found`);
    expect(await run('test', 'rules', join(folder, 'tests.yaml'))).toContain('SUCCESS');
  }, 60_000);
});

async function run(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(promtool ?? '', args, { maxBuffer: 16 << 20 }).catch(
    (error: unknown) => {
      throw new Error(String((error as { stdout?: string }).stdout) + String((error as { stderr?: string }).stderr));
    },
  );
  return stdout + stderr;
}
