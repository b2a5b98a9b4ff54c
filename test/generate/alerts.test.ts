import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';

const promtool = await partOrSkip('promtool');

const api = (name: string) => document('Api', name, { hosts: [`${name.replace(/\W/g, '')}.example.com`] });
const alert = (name: string, spec: object, metadata: object = {}) =>
  document('Alert', name, { metric: 'requests', threshold: 1, window: '5m', ...spec }, metadata);

async function generated(documents: readonly object[], ...args: readonly string[]) {
  return runMain(['generate', 'alerts', writeFolder({ 'a.json': documents }), ...args]);
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

function exprsOf(text: string): Readonly<Record<string, string>> {
  const { groups } = parse(text) as Rules;
  return Object.fromEntries(groups.flatMap(({ rules }) => rules.map((rule) => [rule.alert, rule.expr])));
}

describe('ostiary generate alerts', () => {
  it('asks for the APIs, clients and classes that an alert is about', async () => {
    const { code, stdout } = await generated([
      api('orders'),
      api('a.b'),
      document('ClientApplication', 'web', { clientId: 'w' }),
      alert('one', { api: 'orders', filter: { client: 'web', status: ['5xx', '0'] } }),
      alert('each', {}),
      alert('refused', { api: 'a.b', metric: 'denials', filter: { client: 'web' } }),
      alert('spent', { api: 'orders', metric: 'denials', filter: { reason: ['quota_spent', 'cost_above_limit'] } }),
    ]);
    expect(code).toBe(0);
    const sum = (name: string, matchers: string): string => `sum by (api) (increase(${name}{${matchers}}[5m])) > 1`;
    expect(exprsOf(stdout)).toEqual({
      one: sum('ostiary_requests_total', 'api="orders",client="web",status_class=~"5xx|none"'),
      each: sum('ostiary_requests_total', 'api!~"|_other"'),
      refused: sum('ostiary_requests_total', 'api="a.b",client="web",outcome="blocked"'),
      spent: sum('ostiary_policy_violations_total', 'api="orders",reason=~"quota_spent|cost_above_limit"'),
    });
  });

  it('matches names with signs of regular expressions as they stand', async () => {
    const team = { labels: { team: 'x' } };
    const { stdout } = await generated([
      document('Api', 'a.b', { hosts: ['a.example.com'] }, team),
      document('Api', 'c', { hosts: ['c.example.com'] }, { ...team, namespace: 'default' }),
      api('d'),
      alert('some', { selector: { labels: { team: 'x' } } }),
    ]);
    expect(exprsOf(stdout)['some']).toContain('{api=~"a\\\\.b|c"}');
  });

  it('leaves out what Prometheus can not be asked, says so, and exits 1', async () => {
    const { code, stdout, stderr } = await generated([
      api('orders'),
      alert('fine', {}),
      alert('exact', { filter: { status: '404' } }),
      alert('of-a-client', { metric: 'responseTime', threshold: '1s', filter: { method: 'GET' } }),
    ]);
    expect(code).toBe(1);
    expect(Object.keys(exprsOf(stdout))).toEqual(['fine']);
    expect(stdout).toContain('# Left out: exact: Prometheus has classes of statuses alone, such as 5xx, and no 404\n');
    expect(stderr).toContain(
      'ostiary: of-a-client: ostiary_request_duration_seconds has no label for the filter method\n',
    );
    expect(stderr).toMatch(/ostiary: 2 alerts left out/);
  });

  it('is nothing while the documents have a fault', async () => {
    const { code, stdout, stderr } = await generated([api('orders'), alert('a', { api: 'order' })]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /spec\.api: there is no Api of this name; did you mean "orders"\?\nostiary: the documents have 1 fault/,
    );
  });

  it('makes a PrometheusRule for the operator of Prometheus', async () => {
    const documents = [api('orders'), alert('a', {}, { description: 'costs {{ money }}' })];
    const options = ['--output', 'prometheusrule', '--namespace', 'mon', '--label', 'release=prom'];
    const { stdout } = await generated(documents, ...options);
    expect(parse(stdout)).toMatchObject({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'ostiary-alerts', namespace: 'mon', labels: { release: 'prom' } },
      spec: { groups: [{ name: 'ostiary-alerts', rules: [{ alert: 'a', labels: { severity: 'warning' } }] }] },
    });
  });

  it.skipIf(promtool === undefined)('writes annotations that are no templates of Prometheus', async () => {
    const documents = [api('orders'), alert('a', { severity: 'critical' }, { description: 'costs {{ money }}' })];
    const { stdout } = await generated(documents);
    const file = join(scratchFolder('rules'), 'rules.yaml');
    writeFileSync(file, stdout);
    const told = spawnSync(promtool ?? '', ['check', 'rules', file], { encoding: 'utf8' });
    expect([told.status, told.stderr]).toEqual([0, '']);
  });

  it.each([
    [['--name', 'x'], /--name and --label are for --output prometheusrule/],
    [['--output', 'json'], /--output is "json": expected one of rules, prometheusrule/],
    [['--audience', 'owner'], /--audience has no effect in ostiary generate alerts/],
  ])('refuses %j', async (args, complaint) => {
    const { code, stderr } = await runMain(['generate', 'alerts', 'policies', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(complaint);
  });
});
