import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dashboard } from '../../src/generate/dashboard.ts';
import { AUDIENCES } from '../../src/generate/panel.ts';
import { partOrSkip } from '../real/parts.ts';
import { chart, objectsOf, render, valuesFile, writeValues } from './helm.ts';

const helm = await partOrSkip('helm');
const folder = join(chart, 'files/dashboards');
const made = (audience: (typeof AUDIENCES)[number]): unknown => JSON.parse(JSON.stringify(dashboard(audience)));

test.each(AUDIENCES)('the chart has the dashboard for %s that is generated', (audience) => {
  // ostiary generate dashboards --audience NAME > charts/ostiary/files/dashboards/ostiary-NAME.json; npm run format
  expect(JSON.parse(readFileSync(join(folder, `ostiary-${audience}.json`), 'utf8'))).toEqual(made(audience));
  expect(readdirSync(folder)).toHaveLength(AUDIENCES.length);
});

describe.skipIf(helm === undefined)('grafanaDashboards', () => {
  async function configMaps(grafanaDashboards: object) {
    const rendered = objectsOf(await render([valuesFile('default'), writeValues({ grafanaDashboards })]));
    return rendered.filter(({ metadata }) => metadata.name.endsWith('-dashboards'));
  }

  test('is nothing unless it is enabled', async () => {
    expect(await configMaps({})).toEqual([]);
  });

  test('is a ConfigMap that the sidecar of Grafana finds, with every dashboard as it is', async () => {
    const [map, ...others] = await configMaps({ enabled: true, namespace: 'monitoring' });
    expect(others).toEqual([]);
    expect(map).toMatchObject({
      kind: 'ConfigMap',
      metadata: { namespace: 'monitoring', labels: { grafana_dashboard: '1' } },
    });
    const { data } = map as unknown as { data: Record<string, string> };
    for (const audience of AUDIENCES)
      expect(JSON.parse(data[`ostiary-${audience}.json`] ?? '')).toEqual(made(audience));
  });

  test('has the label and the folder that a Grafana wants', async () => {
    const annotations = { grafana_folder: 'APIs' };
    const [map] = await configMaps({ enabled: true, labels: { dashboards: 'yes' }, annotations });
    expect(map?.metadata).toMatchObject({ labels: { dashboards: 'yes' }, annotations });
  });
});
