import { describe, expect, test } from 'vitest';
import { backupFlags } from '../../src/cli/control-backup.ts';
import { serverFlags } from '../../src/cli/platform/server.ts';
import { controlFlags } from '../../src/control/flags.ts';
import { parseFlags } from '../../src/flags.ts';
import { serveFlags } from '../../src/serve/serve-flags.ts';
import { partOrSkip } from '../real/parts.ts';
import { objectsOf, podSpecOf, podTemplateOf, render, valueSets, valuesFile, writeValues } from './helm.ts';

const helm = await partOrSkip('helm');
const documents = valuesFile('default');

describe.skipIf(helm === undefined)('the control plane of the chart', () => {
  test.each([
    [{ control: { address: 'https://control' } }, /control\.address and policies exclude each other/],
    [{ control: { address: 'http://control' } }, /address/],
    [{ mode: 'none' }, /set control\.enabled/],
    [{ mode: 'sidecar', control: { address: 'https://control' } }, /--extra-arg=--control/],
    [{ control: { enabled: true } }, /needs control\.tls\.secretName/],
    [{ control: { enabled: true, tls: { secretName: 't' }, replicas: 2 } }, /databaseSecret/],
    [
      { control: { enabled: true, tls: { secretName: 't' }, trust: { spiffe: ['spiffe://a/b,everything'] } } },
      /clientCa/,
    ],
    [{ control: { trust: { spiffe: ['spiffe://a/b'] } } }, /spiffe/],
    [{ control: { trust: { kubernetes: [{ issuer: 'http://a' }] } } }, /issuer/],
    [{ control: { backup: { schedule: 'nightly' } } }, /schedule/],
  ])('is refused with the values %j, and says which', async (values, complaint) => {
    await expect(render([documents, writeValues(values)])).rejects.toThrow(complaint);
  });

  test('refuses replicas that follow a control plane and can not join it', async () => {
    const following = (how: object) => render([writeValues({ control: { address: 'https://control', join: how } })]);
    await expect(following({})).rejects.toThrow(/how do the replicas join the control plane/);
    const both = { kubernetes: true, tokenSecret: { name: 'a', key: 'b' } };
    await expect(following(both)).rejects.toThrow(/tokenSecret and kubernetes exclude each other/);
  });

  test.each(valueSets)('with the values %s calls ostiary with flags that it knows', async (set) => {
    for (const object of objectsOf(await render([valuesFile(set)]))) {
      if (object.kind === 'Pod') continue;
      const [command, ...flags] = podSpecOf(object)?.containers[0]?.args ?? ['serve'];
      if (command === 'serve') expect(parseFlags(serveFlags, flags, {}).positionals).toEqual([]);
      else {
        expect(command).toBe('control');
        const { positionals } = parseFlags({ ...controlFlags, ...serverFlags, ...backupFlags }, flags, {});
        expect(positionals).toEqual(object.kind === 'CronJob' ? ['backup', '/var/lib/ostiary/'] : []);
      }
    }
  });

  test('makes a token for the administrator where none is given, that nobody guesses', async () => {
    const token = async () => {
      const rendered = await render([
        writeValues({ mode: 'none', control: { enabled: true, tls: { secretName: 't' } } }),
      ]);
      const made = objectsOf(rendered).find(({ kind }) => kind === 'Secret') as unknown as { data: { token: string } };
      return Buffer.from(made.data.token, 'base64').toString();
    };
    const [one, other] = [await token(), await token()];
    expect(one).toMatch(/^[A-Za-z0-9]{48}$/);
    expect(other).not.toBe(one);
  });

  test('the Service of the replicas finds no control plane, and that of the control plane no replica and no backup', async () => {
    const objects = objectsOf(await render([valuesFile('control-sqlite')]));
    const pods = objects.flatMap((object) => {
      const template = podTemplateOf(object);
      return template === undefined ? [] : [{ name: object.metadata.name, labels: template.metadata?.labels ?? {} }];
    });
    const found = objects.flatMap(({ kind, metadata, spec }) => {
      if (kind !== 'Service') return [];
      const wanted = Object.entries(spec['selector'] as Readonly<Record<string, string>>);
      return [
        [metadata.name, pods.flatMap(({ name, labels }) => (wanted.every(([k, v]) => labels[k] === v) ? [name] : []))],
      ];
    });
    expect(Object.fromEntries(found)).toEqual({
      'shop-ostiary': ['shop-ostiary'],
      'shop-ostiary-headless': ['shop-ostiary'],
      'shop-ostiary-control': ['shop-ostiary-control'],
    });
  });
});
