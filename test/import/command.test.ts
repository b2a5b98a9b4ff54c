import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { FLEX, INLINE, folderOf } from './run-import.ts';

describe('ostiary import', () => {
  test('writes a file for each that has documents, and never over another unless told', async () => {
    const folder = folderOf({ 'a/depots.yaml': INLINE, 'b.yaml': `${FLEX}\nkind: Service\nmetadata: { name: x }\n` });
    const out = join(mkdtempSync(join(tmpdir(), 'imported-')), 'policies');
    const first = await runMain(['import', 'flex', folder, '--out', out]);
    expect({ code: first.code, stdout: first.stdout }).toEqual({ code: 0, stdout: '' });
    const written = join(out, 'a', 'depots.yaml');
    expect(first.stderr).toContain(`ostiary: wrote ${written}\n`);
    expect(readFileSync(written, 'utf8')).toMatch(
      /^---\n# Imported from depots.yaml\napiVersion: ostiary.dev\/v1alpha1\nkind: Api\n/,
    );
    writeFileSync(written, 'mine');
    const second = await runMain(['import', 'flex', folder, '--out', out]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`${written} is there already: nothing is written; --overwrite writes over it`);
    expect(readFileSync(written, 'utf8')).toBe('mine');
    expect((await runMain(['import', 'flex', folder, '--out', out, '--overwrite'])).code).toBe(0);
    expect(readFileSync(written, 'utf8')).not.toBe('mine');
  });

  test('writes nothing where something is refused', async () => {
    const folder = folderOf({ 'depots.yaml': INLINE, 'x.yaml': `${FLEX}\nkind: Oops\nmetadata: { name: x }\n` });
    const out = join(mkdtempSync(join(tmpdir(), 'imported-')), 'policies');
    expect((await runMain(['import', 'flex', folder, '--out', out])).code).toBe(1);
    expect(() => readFileSync(join(out, 'depots.yaml'))).toThrow(/ENOENT/);
  });

  test.each([
    [[], 'expected what to import: one of flex'],
    [['apigee', 'x'], 'can not import "apigee": expected one of flex'],
    [['flex'], 'expected a directory'],
    [['flex', 'x', '--overwrite'], '--overwrite has no effect without --out'],
    [['flex', 'x', '--host', 'a'], '--host is "a": expected API=HOST'],
  ])('%j is called wrongly', async (argv, said) => {
    const { code, stderr } = await runMain(['import', ...argv]);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  test('says what can not be read', async () => {
    const { code, stderr } = await runMain(['import', 'flex', '/nowhere/at/all']);
    expect(code).toBe(1);
    expect(stderr).toContain('/nowhere/at/all: there is no such file or directory');
  });
});
