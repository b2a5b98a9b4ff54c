import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ResourceSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { arrange } from '../../../src/cli/export/arrange.ts';
import { fileName } from '../../../src/cli/export/file-names.ts';

const hostile = [
  '',
  '.',
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  'a\u0000b',
  'a\nb: c',
  'C:\\x',
  'nul',
  'COM1.txt',
  'Ä',
  'ä',
  'a~0123456789abcdef',
  '\u202egnp',
  '-rf',
  '.ostiary-files',
  'x'.repeat(10_000_000),
  `${'x'.repeat(10_000_000)}y`,
];

test('any text is the name of one file, inside its folder, the same each time and different from every other', () => {
  const names = hostile.map(fileName);
  for (const name of names) expect(name).toMatch(/^[a-z0-9~][a-z0-9._~-]{0,140}$/);
  expect(new Set(names).size).toBe(hostile.length);
  expect(hostile.map(fileName)).toEqual(names);
});

test('whatever a control plane answers, files stay in the folder, and no remark begins a line of its own', () => {
  const resources = hostile.flatMap((text) =>
    ['Api', 'Contract', 'Secret', text].map((kind) =>
      create(ResourceSchema, {
        kind,
        namespace: text,
        name: text,
        owner: `git\n${text.slice(0, 100)}`,
        source: text.slice(0, 100),
        set: 'a\nkind: Api',
        view: 'whole',
        document: { kind, metadata: { name: text.slice(0, 100) }, spec: { api: text, hosts: ['a'] } },
      }),
    ),
  );
  const { files } = arrange(resources);
  for (const [path, text] of files) {
    expect(path).not.toMatch(/(?:^|\/)\.|\\|^\/|\/\/|[^\x21-\x7e]/);
    expect(path.length).toBeLessThan(450);
    expect(text).toMatch(/^---\n# /);
    expect(text.slice(0, 1000)).not.toMatch(/\nkind: Api\nkind/);
  }
  expect(new Set([...files.keys()].map((path) => path.toLowerCase())).size).toBe(files.size);
});
