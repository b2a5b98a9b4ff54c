import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { verifySecret } from '../../src/contract/secret.ts';
import type { ConfigSource, InForceOptions } from '../../src/source/documents-in-force.ts';
import { FaultyDocuments } from '../../src/source/faulty-documents.ts';
import { followFolder } from '../../src/source/folder-source.ts';
import type { FolderOptions } from '../../src/source/folder-source.ts';
import { document, made, options, writeFolder } from '../document/documents.ts';

const api = (name: string, spec: object = {}) => document('Api', name, { basePath: `/${name}`, ...spec });
/** No look at the files without an event while a test runs. */
const BY_EVENTS_ALONE = { pollMs: 3_600_000 };
const GATE = { policies: [{ policyRef: { name: 'gate' } }] };

const open: ConfigSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
});

async function follow(path: string, changed: Partial<FolderOptions & InForceOptions> = {}): Promise<ConfigSource> {
  const source = await followFolder({ ...options, paths: [path], ...changed });
  open.push(source);
  return source;
}

/** The state after the next reload. */
async function reloadOf(source: ConfigSource, change: () => void) {
  const reloaded = new Promise<void>((resolve) => {
    const stop = source.onChange(() => {
      stop();
      resolve();
    });
  });
  change();
  await reloaded;
  const names = source.current().apis.map(({ name }) => name);
  return { names, ...source.status() };
}

describe('documents that are followed', () => {
  it('are in force after the event of a change', async () => {
    const folder = writeFolder({ 'a.json': api('one') });
    const source = await follow(folder, BY_EVENTS_ALONE);
    const before = source.current();
    const { names, successful, faults } = await reloadOf(source, () => {
      writeFolder({ 'b.json': api('two') }, folder);
    });
    expect(names).toEqual(['one', 'two']);
    expect({ successful, faults }).toEqual({ successful: true, faults: [] });
    // What a Check has taken does not change under it.
    expect(before.apis).toHaveLength(1);
    expect(source.current().version).not.toBe(before.version);
  });

  it('stay as they were while they have faults, and recover', async () => {
    const folder = writeFolder({ 'a.json': api('one') });
    const source = await follow(folder);
    const { version, loadedAt } = source.current();
    const faulty = await reloadOf(source, () => writeFolder({ 'a.json': api('one', { hots: [] }) }, folder));
    expect(faulty.successful).toBe(false);
    expect(faulty.faults[0]?.field).toBe('spec.hots');
    expect(faulty.loadedAt).toBe(loadedAt);
    expect(faulty.attemptedAt).toBeGreaterThanOrEqual(loadedAt);
    expect(source.current().version).toBe(version);

    const gone = await reloadOf(source, () => unlinkSync(join(folder, 'a.json')));
    expect(gone.faults[0]?.message).toContain('no documents here');
    expect(gone.names).toEqual(['one']);

    const mended = await reloadOf(source, () => writeFolder({ 'a.json': api('two') }, folder));
    expect(mended).toMatchObject({ names: ['two'], successful: true, faults: [] });
  });

  it('stay as they were while one of their files is truncated and not yet written', async () => {
    const folder = writeFolder({ 'a.json': api('one'), 'b.yaml': `${JSON.stringify(api('two'))}\n` });
    const source = await follow(folder);
    const truncated = await reloadOf(source, () => writeFolder({ 'b.yaml': '' }, folder));
    expect(truncated).toMatchObject({ names: ['one', 'two'], successful: false });
    expect(truncated.faults.map(({ message }) => message)).toEqual(['is empty: delete it, or write a document']);
    const written = await reloadOf(source, () => writeFolder({ 'b.yaml': JSON.stringify(api('three')) }, folder));
    expect(written).toMatchObject({ names: ['one', 'three'], successful: true });
  });

  it('follow the swap of a mounted ConfigMap', async () => {
    const folder = writeFolder({ '..2026_01/a.json': api('one'), '..2026_01/b.json': api('two') });
    symlinkSync('..2026_01', join(folder, '..data'));
    for (const name of ['a.json', 'b.json']) symlinkSync(`..data/${name}`, join(folder, name));
    const source = await follow(folder, BY_EVENTS_ALONE);
    const { names } = await reloadOf(source, () => {
      writeFolder({ '..2026_02/a.json': api('three'), '..2026_02/b.json': api('four') }, folder);
      symlinkSync('..2026_02', join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
      rmSync(join(folder, '..2026_01'), { recursive: true });
    });
    expect(names).toEqual(['four', 'three']);
  });

  it('follow a folder below, and one that is replaced', async () => {
    const folder = writeFolder({ 'a.json': api('one'), 'sub/b.json': api('two') });
    const source = await follow(folder, BY_EVENTS_ALONE);
    const below = await reloadOf(source, () => writeFolder({ 'sub/c.json': api('three') }, folder));
    expect(below.names).toEqual(['one', 'three', 'two']);
    const replaced = await reloadOf(source, () => {
      rmSync(join(folder, 'sub'), { recursive: true });
      mkdirSync(join(folder, 'sub'));
      writeFileSync(join(folder, 'sub/d.json'), JSON.stringify(api('four')));
    });
    expect(replaced.names).toEqual(['four', 'one']);
  });

  it('follow the files of secrets, also one that is missing at first', async () => {
    const folder = writeFolder({ 'secrets/one': 'old\n' });
    const client = document('ClientApplication', 'c', {
      clientId: 'c',
      clientSecrets: [{ file: 'secrets/one' }, { file: 'secrets/two' }],
    });
    writeFolder({ 'a.json': [api('one'), client] }, folder);
    await expect(follow(folder, { reload: 'all-or-nothing' })).rejects.toThrow(
      /clientSecrets\[1\]\.file: the file of the secret: there is no such/,
    );
    writeFolder({ 'secrets/two': 'two' }, folder);
    const source = await follow(folder, BY_EVENTS_ALONE);
    const valid = (secret: string) => verifySecret(source.current().directory.client('c'), secret);
    expect([valid('old'), valid('new'), valid('two')]).toEqual([true, false, true]);
    await reloadOf(source, () => writeFolder({ 'secrets/one': 'new\n' }, folder));
    expect([valid('old'), valid('new'), valid('two')]).toEqual([false, true, true]);
    const missing = await reloadOf(source, () => unlinkSync(join(folder, 'secrets/two')));
    expect(missing.successful).toBe(false);
    expect(valid('two')).toBe(true);
  });

  it('are looked at without an event too', async () => {
    const folder = writeFolder({ 'a.json': api('one') });
    // Events would come after a minute.
    const source = await follow(folder, { debounceMs: 60_000, pollMs: 50 });
    const { names } = await reloadOf(source, () => writeFolder({ 'a.json': api('two') }, folder));
    expect(names).toEqual(['two']);
  });

  it('are not loaded again while nothing changes', async () => {
    let reloads = 0;
    const source = await follow(writeFolder({ 'a.json': api('one') }), { pollMs: 10 });
    source.onChange(() => reloads++);
    const before = source.current();
    await sleep(200);
    expect(reloads).toBe(0);
    expect(source.current()).toBe(before);
  });

  it('are read again where they change while they are read, so that versions are never mixed', async () => {
    const folder = writeFolder({ 'a.json': api('one') });
    const secret = { clientId: 'c', clientSecret: { file: 'secret' } };
    writeFolder({ secret: 'x', 'z.json': document('ClientApplication', 'c', secret) }, folder);
    let reads = 0;
    const source = await follow(folder, {
      readFile: async (path) => {
        // The documents are read by now, and the snapshot is not made yet.
        if (++reads === 1) writeFolder({ 'a.json': api('two') }, folder);
        return readFile(path);
      },
    });
    expect(reads).toBe(2);
    expect(source.current().apis.map(({ name }) => name)).toEqual(['two']);
  });

  it('close the policies of a replaced snapshot when no Check can hold it any more', async () => {
    made.length = 0;
    const folder = writeFolder({ 'a.json': api('one', GATE) });
    const source = await follow(folder, { disposeAfterMs: 300 });
    await reloadOf(source, () => writeFolder({ 'b.json': api('two', GATE) }, folder));
    expect(made.map(({ closed }) => closed)).toEqual([0, 0, 0]);
    await sleep(400);
    expect(made.map(({ closed }) => closed)).toEqual([1, 0, 0]);
    await source.close();
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });

  it('outlive a defect in a policy', async () => {
    const folder = writeFolder({ 'a.json': api('one') });
    let now = () => 1;
    const clock = { now: () => now(), monotonic: () => performance.now() };
    const source = await follow(folder, { clock });
    now = () => {
      throw new Error('a defect');
    };
    const { faults, names } = await reloadOf(source, () => writeFolder({ 'a.json': api('two') }, folder));
    expect(faults[0]?.message).toContain('unexpected failure while loading, please report it: Error: a defect');
    expect(names).toEqual(['one']);
  });

  it('are refused at the start where they have faults, if all or nothing is wanted', async () => {
    const folder = writeFolder({ 'a.json': api('one', { hots: [] }) });
    const opening = follow(folder, { reload: 'all-or-nothing' });
    await expect(opening).rejects.toBeInstanceOf(FaultyDocuments);
    await expect(opening).rejects.toThrow(/^the documents have faults:\n.*a\.json:1:\d+: spec\.hots: unknown field/);
  });
});
