import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { objectsOf, render, valuesFile, writeValues } from './helm.ts';

const promtool = await partOrSkip('promtool');
const helm = await partOrSkip('helm');

/** A situation, minute by minute from 0, and whether the alert is on at the given minute. */
interface Situation {
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  readonly minute: number;
  readonly fires: boolean;
}

const UP = '{instance="a",job="ostiary"}';
const denials = (reason: string) =>
  `ostiary_checks_total{api="orders",outcome="deny",policy="p",reason="${reason}",job="ostiary"}`;
const errors = (error: string) => `ostiary_check_errors_total{error="${error}",job="ostiary"}`;
const bucket = (le: string) => `ostiary_check_duration_seconds_bucket{le="${le}",job="ostiary"}`;
const DAY = 86_400;

const situations: readonly Situation[] = [
  ...pair('OstiaryReloadFailed', 10, { [`ostiary_config_last_reload_successful${UP}`]: ['0+0x20', '1+0x20'] }),
  // Time starts at 0 there: what was looked at before has a negative time.
  ...pair('OstiaryDocumentsUnseen', 5, {
    [`ostiary_config_last_look_timestamp_seconds${UP}`]: ['-60+0x10', '0+60x10'],
  }),
  ...pair('OstiaryQuotaUncounted', 12, {
    'ostiary_quota_fallback_admissions_total{by="local",job="ostiary"}': ['0+60x30', '5+0x30'],
  }),
  ...pair('OstiaryPolicyFails', 12, {
    'ostiary_policy_decisions_total{policy="p",result="failed",job="ostiary"}': ['0+1x30', '5+0x30'],
    'ostiary_policy_decisions_total{policy="p",result="deny",job="ostiary"}': ['0+0x30', '0+60x30'],
  }),
  ...pair('OstiaryKeySetMissing', 5, { 'ostiary_jwks_loaded{url="u",job="ostiary"}': ['0+0x10', '1+0x10'] }),
  ...pair('OstiaryPeersStopped', 12, {
    'ostiary_rpc_abuse_total{kind="too_many_connections",job="ostiary"}': ['0+60x30', '5+0x30'],
  }),
  ...pair('OstiaryEventsLost', 12, {
    'ostiary_events_dropped_total{sink="otlp",reason="refused",job="ostiary"}': ['0+1x30', '5+0x30'],
    // What the end of a process costs is no fault of a sink.
    'ostiary_events_dropped_total{sink="otlp",reason="shutdown",job="ostiary"}': ['0+0x30', '0+1x30'],
  }),
  ...pair('OstiaryEventsWait', 20, {
    'ostiary_events_waiting{sink="otlp",job="ostiary"}': ['5+0x30', '5+0x30'],
    'ostiary_events_last_success_timestamp_seconds{sink="otlp",job="ostiary"}': ['0+0x30', '0+60x30'],
  }),
  // A sink that has never taken any has no time of a success.
  ...pair('OstiaryEventsWait', 20, {
    'ostiary_events_waiting{sink="webhook",job="ostiary"}': ['5+0x30', '0+0x30'],
  }),
  ...pair('OstiaryInternalErrors', 5, { 'ostiary_rpc_internal_errors_total{job="ostiary"}': ['0+1x10', '1+0x10'] }),
  ...pair('OstiaryWorkersLost', 10, {
    'ostiary_workers_lost_total{reason="ended",job="ostiary"}': ['0+1x20', '1+0x20'],
  }),
  ...pair('OstiaryGone', 10, { 'ostiary_build_info{job="ostiary"}': ['_x20', '1+0x20'] }),
  ...pair('OstiaryReplicasDisagree', 20, {
    'ostiary_snapshot_info{version="a",instance="a",job="ostiary"}': ['1+0x30', '1+0x30'],
    'ostiary_snapshot_info{version="b",instance="b",job="ostiary"}': ['1+0x30', '_x30'],
  }),
  ...pair('OstiaryStoreAway', 5, { 'ostiary_store_available{store="redis",job="ostiary"}': ['0+0x20', '1+0x20'] }),
  ...pair('OstiaryDeniesByError', 12, {
    [denials('store_unavailable')]: ['0+60x30', '0+0x30'],
    // Denials that callers bring on themselves wake nobody.
    [denials('quota_spent')]: ['0+0x30', '0+60x30'],
  }),
  ...pair('OstiaryChecksFail', 12, {
    [errors('deadline_exceeded')]: ['0+60x30', '0+1x30'],
  }),
  ...pair('OstiaryChecksSlow', 20, {
    [bucket('0.05')]: ['0+50x40', '0+100x40'],
    [bucket('0.25')]: ['0+100x40', '0+100x40'],
    [bucket('+Inf')]: ['0+100x40', '0+100x40'],
  }),
  // Time starts at 0 there: a set that was fetched three hours before has a negative time.
  ...pair('OstiaryKeySetStale', 5, {
    'ostiary_jwks_last_success_timestamp_seconds{url="u"}': [`${-3 * 3600}+0x10`, '0+0x10'],
  }),
  ...pair('OstiaryCertificateEnds', 5, {
    'ostiary_tls_certificate_not_after_timestamp_seconds{listener="grpc"}': [`${5 * DAY}+0x10`, `${30 * DAY}+0x10`],
  }),
];

describe.skipIf(promtool === undefined || helm === undefined)('the alerts of the chart', () => {
  test('each fires where it should and nowhere else', async () => {
    const { folder, names } = await alertFiles();
    expect(new Set(situations.map(({ alert }) => alert))).toEqual(new Set(names));
    const tests = situations.map(({ alert, series, minute, fires }) => ({
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
          eval_time: `${minute}m`,
          exp_samples: [{ labels: '{}', value: fires ? 1 : 0 }],
        },
      ],
    }));
    writeFileSync(
      join(folder, 'tests.yaml'),
      JSON.stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }),
    );
    expect(await run('test', 'rules', join(folder, 'tests.yaml'))).toContain('SUCCESS');
  });

  test('hold to the rules of Prometheus', async () => {
    const { folder, names } = await alertFiles();
    expect(await run('check', 'rules', join(folder, 'rules.yaml'))).toContain(`SUCCESS: ${names.length} rules found`);
  });

  test('on slow Checks follows the time-out that Envoy has', async () => {
    const values = writeValues({ prometheusRule: { enabled: true, envoyTimeoutMs: 1000 } });
    expect(await render([valuesFile('default'), values])).toContain('[5m]))) > 0.4\n');
  });
});

/** The same alert with series that make it fire, and with series that do not. */
function pair(alert: string, minute: number, series: Record<string, [on: string, off: string]>): readonly Situation[] {
  const pick = (index: 0 | 1) =>
    Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values[index]]));
  return [
    { alert, minute, series: pick(0), fires: true },
    { alert, minute, series: pick(1), fires: false },
  ];
}

async function alertFiles(): Promise<{ folder: string; names: readonly string[] }> {
  const values = writeValues({ prometheusRule: { enabled: true } });
  const rule = objectsOf(await render([valuesFile('default'), values])).find(({ kind }) => kind === 'PrometheusRule');
  const folder = scratchFolder('rules');
  writeFileSync(join(folder, 'rules.yaml'), JSON.stringify(rule?.spec));
  const groups = (rule?.spec['groups'] ?? []) as readonly { rules: readonly { alert: string }[] }[];
  return { folder, names: groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)) };
}

async function run(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(promtool ?? '', args).catch((error: unknown) => {
    throw new Error(String((error as { stdout?: string }).stdout) + String((error as { stderr?: string }).stderr));
  });
  return stdout + stderr;
}
