import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatFault } from '../../src/document/fault.ts';
import type { RegisteredKind } from '../../src/policies/environment.ts';
import { linesOf } from '../../src/policy/named-file.ts';
import type { FileFormat, NamedFiles } from '../../src/policy/named-file.ts';
import { definePolicy } from '../../src/policy/policy.ts';
import type { ConfigSource } from '../../src/source/documents-in-force.ts';
import { followFolder } from '../../src/source/folder-source.ts';
import { compileFolder, document, faultsOf, options, snapshotOf, writeFolder } from './documents.ts';

interface Words {
  readonly words: readonly string[];
}

let parses = 0;
const words: FileFormat<Words> = {
  name: 'the list of words',
  maxBytes: 1000,
  parse(bytes) {
    parses += 1;
    const lines = linesOf(bytes);
    if (lines === undefined) return { problems: [{ line: 0, message: 'is not UTF-8' }] };
    const problems = lines.flatMap((text, index) =>
      text.includes(' ') ? [{ line: index + 1, message: 'holds two words: give each a line' }] : [],
    );
    return problems.length > 0 ? { problems } : { content: { words: lines.filter((line) => line !== '') } };
  },
};

const made: Words[] = [];
const reading = definePolicy({
  name: 'reading',
  phase: 'access',
  summary: 'For tests',
  options: z.strictObject({ files: z.array(z.string()), secret: z.string().optional() }),
  secretFields: ['secret'],
  files: ({ files }) => files.map((file, index) => ({ path: ['files', index], file, format: words })),
  create(config, { files }: { readonly files: NamedFiles }) {
    made.push(...config.files.map((file) => files.content(file, words)));
    return { phase: 'access', identityHeaders: [], decide: () => ({}) };
  },
}) as RegisteredKind;
const changed = { policyKinds: new Map([['reading', reading]]) };
const api = (name: string, files: readonly string[], more: object = {}) =>
  document('Api', name, {
    basePath: `/${name}`,
    policies: [{ policyRef: { name: 'reading' }, config: { files, ...more } }],
  });

const open: ConfigSource[] = [];
afterEach(async () => {
  made.length = 0;
  await Promise.all(open.splice(0).map((source) => source.close()));
});

async function follow(folder: string): Promise<ConfigSource> {
  const source = await followFolder({ ...options, ...changed, paths: [folder] });
  open.push(source);
  return source;
}

/** What is wrong after the next reload. */
async function faultsAfter(source: ConfigSource, change: () => void): Promise<readonly string[]> {
  const reloaded = new Promise<void>((resolve) => {
    const stop = source.onChange(() => {
      stop();
      resolve();
    });
  });
  change();
  await reloaded;
  return source.status().faults.map(formatFault);
}

const latest = () => made.at(-1)?.words;

describe('files that policies name', () => {
  it('are read from the folder of the document, once for all that name them', async () => {
    const folder = writeFolder({
      'lists/one.txt': 'a\r\nb\n',
      'apis/a.json': [api('a', ['../lists/one.txt']), api('b', ['../lists/one.txt'])],
    });
    const before = parses;
    const compiled = await compileFolder(folder, changed);
    expect(made).toEqual([{ words: ['a', 'b'] }, { words: ['a', 'b'] }]);
    expect(made[0]).toBe(made[1]);
    expect(parses).toBe(before + 1);
    expect(compiled.namedFiles).toEqual([join(folder, 'lists/one.txt')]);
  });

  it('are faults where they are missing, too large or no files, and by their own line where a line is wrong', async () => {
    const files = { two: 'fine\nnot fine\n', long: 'x'.repeat(1001), odd: Buffer.from([0xff]) };
    const documents = { ...files, 'a.json': api('a', ['none', 'two', 'long', 'odd', '.']) };
    const faults = await faultsOf(documents, changed);
    expect(faults.map((fault) => fault.replace(/\/\S*\/(?=(none|long)?:)/, ''))).toEqual([
      expect.stringMatching(
        /^a\.json:1:\d+: spec\.policies\[0\]\.config\.files\[0\]: the list of words none: there is no such file/,
      ),
      expect.stringMatching(/config\.files\[2\]: the list of words long: has more than 1000 bytes$/),
      expect.stringMatching(/config\.files\[4\]: the list of words .*: is a directory, not a file$/),
      expect.stringMatching(/^odd: is not UTF-8 \(named by a\.json:1:\d+: spec\.policies\[0\]\.config\.files\[3\]\)$/),
      expect.stringMatching(/^two:2:1: holds two words: give each a line \(named by a\.json:1:\d+: spec\..*\[1\]\)$/),
    ]);
    expect(made).toEqual([]);
  });

  it('tell of many wrong lines the first, and how many more there are', async () => {
    const faults = await faultsOf({ list: 'a b\n'.repeat(50), 'a.json': api('a', ['list']) }, changed);
    expect(faults).toHaveLength(21);
    expect(faults.join('\n')).toContain('list: and 30 more lines with problems');
  });

  it('are part of the version, secrets of options in no way that could be tried', async () => {
    const versionOf = async (text: string, secret: string) =>
      (await snapshotOf({ list: text, 'a.json': api('a', ['list'], { secret }) }, changed)).version;
    const [first, again, other, otherSecret] = [
      await versionOf('a', 's'),
      await versionOf('a', 's'),
      await versionOf('b', 's'),
      await versionOf('a', 't'),
    ];
    expect(again).toBe(first);
    expect(new Set([first, other, otherSecret]).size).toBe(3);
  });

  it('are followed: changed, by the swap of a mounted ConfigMap, and removed and written again', async () => {
    const folder = writeFolder({
      'a.json': api('a', ['lists/one']),
      'lists/..1/one': 'first',
    });
    const lists = join(folder, 'lists');
    symlinkSync('..1', join(lists, '..data'));
    symlinkSync('..data/one', join(lists, 'one'));
    const source = await follow(folder);
    expect(latest()).toEqual(['first']);
    const swapped = await faultsAfter(source, () => {
      mkdirSync(join(lists, '..2'));
      writeFileSync(join(lists, '..2/one'), 'other');
      symlinkSync('..2', join(lists, '..data_tmp'));
      renameSync(join(lists, '..data_tmp'), join(lists, '..data'));
      rmSync(join(lists, '..1'), { recursive: true });
    });
    expect([swapped, latest()]).toEqual([[], ['other']]);

    const inForce = source.current();
    const broken = await faultsAfter(source, () => writeFileSync(join(lists, '..2/one'), 'a b'));
    expect(broken).toEqual([expect.stringMatching(/lists\/one:1:1: holds two words/)]);
    const removed = await faultsAfter(source, () => unlinkSync(join(lists, '..2/one')));
    expect(removed).toEqual([expect.stringContaining('there is no such file')]);
    expect(source.current()).toBe(inForce);
    expect(latest()).toEqual(['other']);

    expect(await faultsAfter(source, () => writeFileSync(join(lists, '..2/one'), 'mended'))).toEqual([]);
    expect(latest()).toEqual(['mended']);
  });

  it('keep what was made of them while other documents change', async () => {
    const folder = writeFolder({ list: 'a', 'a.json': api('a', ['list']) });
    const source = await follow(folder);
    const first = made.at(-1);
    await faultsAfter(source, () => writeFolder({ 'b.json': api('b', ['list']) }, folder));
    expect(source.current().apis).toHaveLength(2);
    expect(made.at(-1)).toBe(first);
  });
});
