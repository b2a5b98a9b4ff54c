import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { customResourceDefinitions } from '../../src/crd/definition.ts';
import { definitionsYaml } from '../../src/crd/print.ts';
import { chart, objectsOf, render, valuesFile, writeValues } from '../chart/helm.ts';
import { partOrSkip } from '../real/parts.ts';

const helm = await partOrSkip('helm');

it('the chart has the definitions as they are now (ostiary generate crds > charts/ostiary/files/crds.yaml)', () => {
  expect(readFileSync(join(chart, 'files/crds.yaml'), 'utf8')).toBe(definitionsYaml());
});

describe.skipIf(helm === undefined)('a release', () => {
  async function rendered(values: object) {
    const objects = objectsOf(await render([valuesFile('default'), writeValues(values)]));
    return objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  }

  it('has the definitions where it takes objects over, or where it is told to', async () => {
    expect(await rendered({})).toEqual([]);
    const control = { enabled: true, tls: { secretName: 't' }, kubernetes: { enabled: true } };
    expect(await rendered({ control, crds: { install: 'never' } })).toEqual([]);
    expect(await rendered({ control })).toHaveLength(7);
    expect(await rendered({ crds: { install: 'always' } })).toHaveLength(7);
  });

  it('has those that are generated, and leaves them and all objects when it goes', async () => {
    const definitions = await rendered({ crds: { install: 'always' }, commonLabels: { team: 'platform' } });
    const expected = customResourceDefinitions().map(({ apiVersion, kind, metadata: { name, labels }, spec }) => ({
      apiVersion,
      kind,
      metadata: {
        name,
        labels: { ...labels, team: 'platform' },
        annotations: { 'helm.sh/resource-policy': 'keep' },
      },
      spec,
    }));
    const byName = (list: readonly object[]) =>
      Object.fromEntries(list.map((each) => [(each as { metadata: { name: string } }).metadata.name, each]));
    expect(byName(definitions)).toEqual(byName(expected));
    const going = await rendered({ crds: { install: 'always', keep: false } });
    expect(going.every(({ metadata }) => !('annotations' in metadata))).toBe(true);
  });
});
