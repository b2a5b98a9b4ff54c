import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { dashboard } from '../../src/generate/dashboard.ts';
import { AUDIENCES } from '../../src/generate/panel.ts';
import { panels } from '../../src/generate/panels.ts';
import { runMain } from '../cli/run-main.ts';

/** What Grafana's documentation says of the classic model, as far as these dashboards use it. Strict: nothing else. */
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const gridPos = z.strictObject({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
});
const variable = {
  name: z.string().regex(/^[a-z]+$/),
  label: z.string(),
  refresh: z.union([z.literal(1), z.literal(2)]),
  hide: z.literal(0),
  multi: z.boolean(),
  includeAll: z.boolean(),
  current: z.object({}),
  options: z.tuple([]),
  regex: z.literal(''),
  skipUrlSync: z.literal(false),
};
const row = z.strictObject({
  id: z.int(),
  type: z.literal('row'),
  title: z.string(),
  collapsed: z.literal(false),
  gridPos,
  panels: z.tuple([]),
});
const panel = z.strictObject({
  id: z.int(),
  type: z.enum(['timeseries', 'stat', 'bargauge']),
  title: z.string(),
  description: z.string(),
  gridPos,
  datasource,
  fieldConfig: z.strictObject({
    defaults: z.strictObject({ unit: z.string(), min: z.literal(0), custom: z.object({}).optional() }),
    overrides: z.tuple([]),
  }),
  options: z.object({}),
  targets: z
    .array(
      z.strictObject({
        refId: z.string().regex(/^[A-Z]$/),
        datasource,
        expr: z.string(),
        legendFormat: z.string(),
        editorMode: z.literal('code'),
        range: z.literal(true),
      }),
    )
    .min(1),
});
const model = z.strictObject({
  // 8 to 40 characters; what a URL may hold.
  uid: z.string().regex(/^[\w-]{8,40}$/),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.int().min(36).max(41),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  timezone: z.literal('browser'),
  weekStart: z.literal(''),
  refresh: z.string(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  timepicker: z.object({}),
  fiscalYearStartMonth: z.int().min(0).max(11),
  links: z.array(z.object({ title: z.string(), type: z.literal('dashboards') })),
  annotations: z.strictObject({ list: z.tuple([]) }),
  templating: z.strictObject({
    list: z.array(
      z.discriminatedUnion('type', [
        z.strictObject({ ...variable, type: z.literal('datasource'), query: z.literal('prometheus') }),
        z.strictObject({
          ...variable,
          type: z.literal('query'),
          datasource,
          definition: z.string(),
          query: z.strictObject({ query: z.string(), refId: z.string() }),
          sort: z.int(),
          allValue: z.string().optional(),
        }),
      ]),
    ),
  }),
  panels: z.array(z.discriminatedUnion('type', [row, panel])),
});
type Model = z.output<typeof model>;
const isPanel = (each: Model['panels'][number]): each is z.output<typeof panel> => each.type !== 'row';

describe.each(AUDIENCES)('the dashboard for %s', (audience) => {
  const made = model.parse(JSON.parse(JSON.stringify(dashboard(audience))));
  const own = made.panels.filter(isPanel);

  it('has its panels from the one list, each in its row', () => {
    const expected = panels.filter(({ audiences }) => audiences.includes(audience)).map(({ title }) => title);
    expect(own.map(({ title }) => title).toSorted()).toEqual(expected.toSorted());
    expect(expected.length).toBeGreaterThan(6);
  });

  it('lays panels out without gaps at the left, and without two at one place', () => {
    const taken = new Set<string>();
    for (const { gridPos: at, title } of made.panels) {
      expect(at.x + at.w, title).toBeLessThanOrEqual(24);
      for (let x = at.x; x < at.x + at.w; x++) {
        for (let y = at.y; y < at.y + at.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
    expect(new Set(made.panels.map(({ id }) => id)).size).toBe(made.panels.length);
  });

  it('asks with its own variables alone, each of which it has', () => {
    const names = new Set(made.templating.list.map(({ name }) => name));
    const used = own.flatMap(({ targets }) => targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)]));
    for (const [, name = ''] of used) expect([...names, '__rate_interval']).toContain(name);
    for (const { expr } of own.flatMap(({ targets }) => targets)) expect(expr).not.toContain('SCOPE');
  });
});

describe('ostiary generate dashboards', () => {
  it('prints one dashboard as JSON', async () => {
    const { code, stdout } = await runMain(['generate', 'dashboards', '--audience', 'owner']);
    expect([code, JSON.parse(stdout)]).toEqual([0, JSON.parse(JSON.stringify(dashboard('owner')))]);
  });

  it('prints all of them as a ConfigMap that the sidecar of Grafana finds', async () => {
    const { code, stdout } = await runMain(['generate', 'dashboards', '--output', 'configmap', '--namespace', 'mon']);
    expect(code).toBe(0);
    const { kind, metadata, data } = parse(stdout) as { kind: string; metadata: object; data: Record<string, string> };
    expect([kind, metadata]).toEqual([
      'ConfigMap',
      { name: 'ostiary-dashboards', namespace: 'mon', labels: { grafana_dashboard: '1' } },
    ]);
    expect(Object.keys(data)).toEqual(AUDIENCES.map((audience) => `ostiary-${audience}.json`));
    expect(JSON.parse(data['ostiary-client.json'] ?? '')).toEqual(JSON.parse(JSON.stringify(dashboard('client'))));
  });

  it.each([
    [[], /--audience is missing/],
    [['--audience', 'owner', '--name', 'x'], /--name and --label are for --output configmap/],
    [['--output', 'yaml'], /--output is "yaml": expected one of json, configmap/],
    [['--audience', 'owner', '--ostiary', 'x:1'], /--ostiary has no effect/],
    [['folder'], /unexpected argument "folder"/],
  ])('refuses %j', async (args, complaint) => {
    const { code, stderr } = await runMain(['generate', 'dashboards', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(complaint);
  });
});
