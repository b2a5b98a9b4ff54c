import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFiles } from '../../src/source/files.ts';
import { compileFolder, document, faultsOf, writeFolder } from '../document/documents.ts';

const names = async (folder: string) =>
  (await findFiles([folder])).files.map(({ path }) => path.slice(folder.length + 1));

describe('the files of a directory', () => {
  it('are those of YAML and JSON, in folders below it too, but not hidden ones', async () => {
    const files = [
      'b.yaml',
      'a.yml',
      'c.json',
      'D.YAML',
      'sub/e.yaml',
      'note.md',
      '.hidden.yaml',
      '.git/x.yaml',
      'f.yaml~',
    ];
    const folder = writeFolder(Object.fromEntries(files.map((name) => [name, ''])));
    expect(await names(folder)).toEqual(['D.YAML', 'a.yml', 'b.yaml', 'c.json', 'sub/e.yaml']);
  });

  it('are the visible links of a mounted ConfigMap, once each', async () => {
    const folder = writeFolder({ '..2026_01/a.yaml': '', '..2026_01/b.yaml': '' });
    symlinkSync('..2026_01', join(folder, '..data'));
    symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
    symlinkSync('..data/b.yaml', join(folder, 'b.yaml'));
    expect(await names(folder)).toEqual(['a.yaml', 'b.yaml']);
    const [before] = (await findFiles([folder])).files;

    mkdirSync(join(folder, '..2026_02'));
    writeFolder({ '..2026_02/a.yaml': '', '..2026_02/b.yaml': '' }, folder);
    symlinkSync('..2026_02', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    const [after] = (await findFiles([folder])).files;
    expect(after?.path).toBe(before?.path);
    expect(after?.fingerprint).not.toBe(before?.fingerprint);
  });

  it('are read once, whatever leads to them', async () => {
    const folder = writeFolder({ 'a.yaml': '', 'sub/b.yaml': '' });
    symlinkSync('a.yaml', join(folder, 'again.yaml'));
    symlinkSync('..', join(folder, 'sub/loop'));
    expect(await names(folder)).toEqual(['a.yaml', 'sub/b.yaml']);
    expect((await findFiles([folder, join(folder, 'sub'), join(folder, 'a.yaml')])).files).toHaveLength(2);
  });

  it('are faults where they can not be read', async () => {
    const folder = writeFolder({});
    symlinkSync('nowhere', join(folder, 'dangling.yaml'));
    symlinkSync('circle.yaml', join(folder, 'circle.yaml'));
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    writeFileSync(join(folder, 'huge.json'), '');
    truncateSync(join(folder, 'huge.json'), 3 * 1024 ** 3);
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('a: b\nname: caf\xe9\n', 'latin1'));
    writeFileSync(join(folder, 'utf16.yaml'), Buffer.from('\ufeffa: b\n', 'utf16le'));
    const compiled = await compileFolder(folder);
    const faults = compiled.snapshot === undefined ? compiled.faults : [];
    expect(faults.map(({ file, line, message }) => [file.slice(folder.length + 1), line, message])).toEqual([
      ['circle.yaml', 0, 'is a link that leads back to itself'],
      ['dangling.yaml', 0, 'there is no such file or directory'],
      ['huge.json', 0, 'a file is at most 134217728 bytes: split it'],
      ['latin1.yaml', 2, 'is not UTF-8: save it in that encoding'],
      ['pipe.yaml', 0, 'is neither a file nor a directory'],
      ['utf16.yaml', 1, 'is not UTF-8: save it in that encoding'],
    ]);
  });

  it('are a fault where there are none, since nothing would be protected', async () => {
    expect(await faultsOf({ 'README.md': 'x', 'a.json': '[]' })).toEqual([
      expect.stringMatching(/: no documents here \(\*\.yaml, \*\.yml, \*\.json\)$/),
    ]);
    const compiled = await compileFolder('/nowhere/at/all');
    expect(compiled.snapshot === undefined ? compiled.faults[0]?.message : '').toBe(
      'there is no such file or directory',
    );
  });

  it.each([
    ['a.yaml', ''],
    ['a.yaml', '# nothing\n---\n# yet\n'],
    ['a.yml', '---\n---\n...\n'],
    ['a.json', ''],
    ['a.json', ' \n'],
  ])('are a fault where one is empty, as while it is written: %s with %j', async (name, content) => {
    expect(await faultsOf({ [name]: content, 'b.json': document('Api', 'orders', {}) })).toEqual([
      expect.stringMatching(/: is empty: delete it, or write a document$/),
    ]);
  });

  it('may hold an empty list', async () => {
    const folder = writeFolder({ 'a.json': '[]', 'b.json': document('Api', 'orders', {}) });
    expect((await compileFolder(folder)).snapshot?.apis).toHaveLength(1);
  });

  it('may be given one by one', async () => {
    const folder = writeFolder({ 'orders.conf': `${JSON.stringify(document('Api', 'orders', {}))}\n` });
    const compiled = await compileFolder(join(folder, 'orders.conf'));
    expect(compiled.snapshot?.apis).toHaveLength(1);
  });
});
