import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openServices, TOKEN, api, app, document } from '../../control/fixture.ts';
import type { ControlServices } from '../../control/fixture.ts';
import { scratchFolder } from '../../real/scratch.ts';
import { runMain } from '../run-main.ts';
import { LONG_NAME, richState } from './rich.ts';

interface Told {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly createdRevision: string;
  readonly document: { readonly spec: object };
}

const open: ControlServices[] = [];
let services: ControlServices;
let folder: string;

async function newServices(): Promise<ControlServices> {
  const made = await openServices({ dataDir: scratchFolder('export'), databaseUrl: undefined });
  open.push(made);
  return made;
}

beforeEach(async () => {
  services = await newServices();
  folder = join(scratchFolder('exported'), 'policies');
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const run = (argv: readonly string[], of = services) =>
  runMain([...argv, '--server', of.url], { OSTIARY_TOKEN: TOKEN });

async function stateOf(of: ControlServices): Promise<readonly Told[]> {
  const { resources = [] } = (await of.ask('ResourceService/List', { pageSize: 1000 })) as { resources?: Told[] };
  return resources;
}

function filesIn(at: string): Record<string, string> {
  const names = readdirSync(at, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = names.filter((name) => statSync(join(at, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(at, name), 'utf8')]));
}

describe('export', () => {
  test('writes every kind so that an empty control plane gets the same state from it, and changes nothing twice', async () => {
    expect((await services.apply(richState()))['faults']).toBeUndefined();
    const first = await run(['export', folder]);
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toContain(
      '1 Secret without values, which nobody can read back: write them, and cut .example off',
    );
    expect(first.stderr).toContain('shop/secrets/hooks.yaml.example');
    expect(first.stderr).toContain('zoo/apis/zebra.yaml holds APIs of one host and path, the oldest first');
    expect(first.stderr).toMatch(/tokens and users\. Make them anew, or keep all of it by ostiary control backup/);
    const files = filesIn(folder);
    expect(await run(['export', folder])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(': 0 files written, ') as string,
    });
    expect(filesIn(folder)).toEqual(files);

    // As whoever is told does it.
    const secret = join(folder, 'shop/secrets/hooks.yaml');
    renameSync(`${secret}.example`, secret);
    writeFileSync(
      secret,
      files['shop/secrets/hooks.yaml.example']?.replace(/digest: .*/, 'value: a value that nobody reads') ?? '',
    );
    const other = await newServices();
    const applied = await run(['apply', '-f', folder], other);
    expect(applied).toMatchObject({ code: 0 });
    const [before, after] = [await stateOf(services), await stateOf(other)];
    expect(after.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)).toEqual(
      before.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`),
    );
    for (const [at, { name, document: written }] of before.entries())
      expect([name, after[at]?.document]).toEqual([name, written]);
    // Who holds a place that two claim.
    const age = (state: readonly Told[], name: string): number =>
      Number(state.find((each) => each.name === name)?.createdRevision);
    expect(age(after, 'zebra')).toBeLessThan(age(after, 'apple'));

    // Nothing differs from here to there, and there and back.
    const back = join(scratchFolder('exported'), 'back');
    await run(['export', back], other);
    expect(filesIn(back)).toEqual({ ...files });
  });

  test('names files so that none is another one where case does not count, and none is too long or reserved', async () => {
    await services.apply([
      api('orders'),
      api('Orders', { hosts: ['b.example.com'] }),
      app('con'),
      app('a'.repeat(253), { clientId: 'a' }),
    ]);
    await services.apply([api(LONG_NAME, { hosts: ['c.example.com'] })]);
    await run(['export', folder]);
    expect(Object.keys(filesIn(folder))).toEqual([
      '.ostiary-files',
      expect.stringMatching(/^default\/apis\/orders-x+~[0-9a-f]{16}\.yaml$/) as string,
      'default/apis/orders.yaml',
      expect.stringMatching(/^default\/apis\/orders~[0-9a-f]{16}\.yaml$/) as string,
      expect.stringMatching(/^default\/apps\/a+~[0-9a-f]{16}\.yaml$/) as string,
      expect.stringMatching(/^default\/apps\/con~[0-9a-f]{16}\.yaml$/) as string,
    ]);
  });

  test('deletes what is gone, and leaves alone what it has not written', async () => {
    await services.apply([api('orders'), app('web')]);
    await run(['export', folder]);
    writeFileSync(join(folder, 'default/apps/mine.yaml'), 'mine');
    await services.ask('ResourceService/Delete', { resources: [{ resource: { kind: 'Api', name: 'orders' } }] });
    const { stderr } = await run(['export', folder]);
    expect(stderr).toContain('0 files written, 1 as before, 1 deleted');
    expect(Object.keys(filesIn(folder))).toEqual(['.ostiary-files', 'default/apps/mine.yaml', 'default/apps/web.yaml']);
    await services.apply([app('mine')]);
    expect(await run(['export', folder])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('mine.yaml is there already: nothing is written; --overwrite') as string,
    });
    expect(await run(['export', folder, '--overwrite'])).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'default/apps/mine.yaml'), 'utf8')).toContain('clientId: id-of-mine');
  });

  test('exports one namespace, a team or an owner, each to a folder of its own', async () => {
    await services.apply(richState());
    await services.apply([api('elsewhere', {}, { owner: 'shop' })]);
    await services.apply([app('git')], { owner: 'git', source: 'https://git.example.com/a' });
    await run(['export', folder, '-n', 'zoo']);
    expect(Object.keys(filesIn(folder))).toEqual(['.ostiary-files', 'zoo/apis/zebra.yaml']);
    expect(await run(['export', folder])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/holds "export -n zoo" and not "export": use another folder/) as string,
    });
    const team = `${folder}-team`;
    await run(['export', team, '--team', 'shop']);
    const ofTeam = Object.keys(filesIn(team)).filter((name) => !name.startsWith('shop/'));
    expect(ofTeam).toEqual([
      '.ostiary-files',
      'default/apis/elsewhere.yaml',
      'platform/teams/shop.yaml',
      'zoo/apis/zebra.yaml',
    ]);
    await run(['export', `${folder}-git`, '--owner', 'git']);
    expect(filesIn(`${folder}-git`)['default/apps/git.yaml']).toContain('# Owner: git https://git.example.com/a\n');
    expect(await run(['export', folder, '--team', 'none'])).toMatchObject({ code: 1 });
    expect(await run(['export'])).toMatchObject({ code: 2 });
  });

  test('what the caller sees in part is told and not exported: applied, it would lose its credentials or policies', async () => {
    const members = [{ user: 'vera', role: 'viewer' }];
    await services.apply([
      document('Team', 'shop', { namespaces: ['shop'], members }, { namespace: 'platform' }),
      api('orders', {}, { namespace: 'shop' }),
      app('web', { clientSecret: { value: 'a secret' } }, { namespace: 'shop' }),
      app('plain', {}, { namespace: 'shop' }),
    ]);
    const asVera = (argv: readonly string[]) =>
      runMain([...argv, '--server', services.url], { OSTIARY_TOKEN: 'user:vera' });
    const { code, stderr } = await asVera(['export', folder]);
    expect(code).toBe(0);
    expect(stderr).toContain(
      'not exported, since you see them in part, without credentials or policies: clientapplication/shop/web.',
    );
    expect(Object.keys(filesIn(folder))).toEqual([
      '.ostiary-files',
      'platform/teams/shop.yaml',
      'shop/apis/orders.yaml',
      'shop/apps/plain.yaml',
    ]);
    expect((await asVera(['get', 'apps', '-o', 'yaml'])).stderr).toContain('a document of these you see in part');
  });

  test('what stands in files is told and not exported', async () => {
    const key = { kind: 'Api', namespace: 'default', name: 'orders' };
    const write = { key, document: api('orders'), owner: 'files', set: 'policies/orders.yaml' } as const;
    await services.registry.write([write], { actor: 'files', reason: '' });
    const { stderr } = await run(['export', folder]);
    expect(stderr).toContain('not exported, since they stand in files: api/orders (policies/orders.yaml)');
    expect(Object.keys(filesIn(folder))).toEqual(['.ostiary-files']);
  });

  test('follows no link, and believes no manifest that names files elsewhere', async () => {
    await services.apply([api('orders')]);
    const outside = scratchFolder('outside');
    mkdirSync(folder, { recursive: true });
    symlinkSync(outside, join(folder, 'default'));
    expect(await run(['export', folder])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is a link') as string,
    });
    expect(readdirSync(outside)).toEqual([]);
    const other = `${folder}-other`;
    mkdirSync(other);
    writeFileSync(join(outside, 'precious.yaml'), '');
    for (const path of ['../outside/precious.yaml', '/etc/passwd', 'a//b', './a', join(outside, 'precious.yaml')]) {
      writeFileSync(join(other, '.ostiary-files'), `scope: export\n${path}\n`);
      const { code, stderr } = await run(['export', other]);
      expect([path, code, stderr]).toEqual([path, 1, expect.stringContaining('which ostiary has not written')]);
    }
    expect(readdirSync(outside)).toEqual(['precious.yaml']);
  });

  test('what a document has in it reads back from its file, whatever it is', async () => {
    const odd = [
      '',
      ' ',
      '#',
      '---',
      '...',
      '\t',
      'null',
      '~',
      '0x1F',
      '1e3',
      '2026-01-01',
      '!!str',
      '&a',
      '*a',
      '{{',
      '|',
      '\u0085\u2028',
      '\\',
      '"',
      "'",
      ': ',
      '- a',
      'a\n',
      '\n\na\r\n',
    ];
    const annotations = Object.fromEntries(odd.map((text, at) => [`a${at}`, text]));
    const written = document('Specification', 'odd', { format: 'other', text: odd.join('\n') }, { annotations });
    expect(await services.apply([written])).not.toHaveProperty('faults');
    await run(['export', folder]);
    const text = filesIn(folder)['default/specifications/odd.yaml'] ?? '';
    expect(parseAllDocuments(text).map((each) => each.toJS() as unknown)).toEqual([written]);
  });
});
