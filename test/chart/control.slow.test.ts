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
    [{ control: { kubernetes: { enabled: true } } }, /no control plane that would take objects over/],
    [{ control: { kubernetes: { namespaces: ['a.b'] } } }, /namespaces/],
    [{ crds: { install: 'sometimes' } }, /install/],
    [{ control: { reads: { env: ['A'] } } }, /control\.reads is for documents of a control plane/],
    [{ control: { snapshot: { key: { name: 'a', key: 'b' } } } }, /has a key and no source/],
    [{ control: { snapshot: { source: { name: 'a' } } } }, /source/],
  ])('is refused with the values %j, and says which', async (values, complaint) => {
    await expect(render([documents, writeValues(values)])).rejects.toThrow(complaint);
  });

  test('refuses replicas that follow a control plane and can not join it', async () => {
    const following = (how: object) => render([writeValues({ control: { address: 'https://control', join: how } })]);
    await expect(following({})).rejects.toThrow(/how do the replicas join the control plane/);
    const both = { kubernetes: true, tokenSecret: { name: 'a', key: 'b' } };
    await expect(following(both)).rejects.toThrow(/tokenSecret and kubernetes exclude each other/);
  });

  test('replicas follow a control plane or a file, whose signature they know, and read what is there', async () => {
    const source = { name: 'documents', key: 'orders.snapshot' };
    const following = (control: object) => render([writeValues({ control })]);
    await expect(following({ snapshot: { source } })).rejects.toThrow(/whose signature counts/);
    const snapshot = { source, key: { name: 'documents', key: 'control.pub' } };
    await expect(following({ snapshot, address: 'https://control' })).rejects.toThrow(/exclude each other/);
    await expect(following({ snapshot, reads: { files: true } })).rejects.toThrow(/Set secrets\.files/);
  });

  test('keys and what documents may read are mounted where the flags look', async () => {
    const sets = ['control-postgres', 'following', 'snapshot'];
    const rendered = await Promise.all(sets.map((set) => render([valuesFile(set)])));
    const pods = rendered.map((text) => {
      const main = objectsOf(text).find(({ kind }) => kind === 'Deployment');
      return main === undefined ? undefined : podSpecOf(main);
    });
    const flagsOf = (at: number) => pods[at]?.containers[0]?.args ?? [];
    const mounts = (at: number) => JSON.stringify([pods[at]?.containers[0], pods[at]]);
    expect(flagsOf(0)).toContain('--secrets-key-file=/etc/ostiary/secrets-key/secrets.key');
    expect(flagsOf(0)).toContain('--snapshot-key-file=/etc/ostiary/snapshot-key/snapshot-key.pem');
    expect(flagsOf(1)).toEqual(
      expect.arrayContaining(['--allow-env=LDAP_PASSWORD,TOKEN', '--secrets-dir=/etc/ostiary/secrets']),
    );
    expect(flagsOf(2)).toEqual(
      expect.arrayContaining([
        '--control-snapshot=/etc/ostiary/snapshot/documents',
        '--control-snapshot-key=/etc/ostiary/snapshot-key/key.pem',
        '--cache-key-file=/etc/ostiary/cache-key/key',
        '--max-stale=7d',
      ]),
    );
    expect(flagsOf(2).filter((flag) => /^--control=|token/.test(flag))).toEqual([]);
    for (const at of [0, 1, 2]) {
      const folders = flagsOf(at).flatMap((flag) => /=(\/etc\/ostiary\/[^/]+)/.exec(flag)?.[1] ?? []);
      for (const folder of folders) expect(mounts(at)).toContain(`"mountPath":"${folder}`);
    }
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
