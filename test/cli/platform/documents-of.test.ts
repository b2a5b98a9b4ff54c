import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { beforeEach, expect, it } from 'vitest';
import { DocumentFaultSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { documentsOf, faultLines } from '../../../src/cli/platform/documents-of.ts';
import { UserError } from '../../../src/errors.ts';
import { scratchFolder } from '../../real/scratch.ts';

let folder: string;
beforeEach(() => {
  folder = scratchFolder('documents-of');
});

const API = `apiVersion: ostiary.dev/v1alpha1
kind: Api
metadata: { name: orders }
spec:
  basePath: /orders
  policies:
    - policyRef: { name: client-id-enforcement }
      config: { wrong: 1 }
`;

it('reads documents as they are written, of kinds that this program does not know too', async () => {
  writeFileSync(
    join(folder, 'a.yaml'),
    `${API}---\napiVersion: ostiary.dev/v9\nkind: Novelty\nmetadata: { name: x }\n`,
  );
  mkdirSync(join(folder, 'below'));
  writeFileSync(join(folder, 'below', 'b.json'), '[{"kind": "Api"}, {"kind": "Contract"}]');
  const documents = await documentsOf([folder]);
  expect(documents.map(({ value }) => value['kind'])).toEqual(['Api', 'Novelty', 'Api', 'Contract']);
  expect(documents[0]?.value['spec']).toEqual({
    basePath: '/orders',
    policies: [{ policyRef: { name: 'client-id-enforcement' }, config: { wrong: 1 } }],
  });
});

it('names file, line and field of what the control plane found', async () => {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, `# a comment\n${API}`);
  const documents = await documentsOf([file]);
  const faults = [
    create(DocumentFaultSchema, {
      document: 0,
      file,
      field: 'spec.policies[0].config.wrong',
      message: 'unknown field',
    }),
    create(DocumentFaultSchema, {
      file: 'Contract shop/x',
      field: 'spec.api',
      message: 'is gone',
      severity: 'warning',
    }),
  ];
  expect(faultLines(faults, documents)).toEqual([
    `${file}:9:24: spec.policies[0].config.wrong: unknown field`,
    'Contract shop/x: warning: spec.api: is gone',
  ]);
});

it.each([
  ['is no YAML', 'a: [', 'a.yaml:1'],
  ['has a key twice', 'kind: Api\nkind: Api\n', 'a.yaml:2'],
  ['holds a list of numbers', '[1]', 'expected a document'],
  ['is empty', '', 'is empty'],
])('refuses a file that %s', async (_what, content, told) => {
  writeFileSync(join(folder, 'a.yaml'), content);
  const reading = documentsOf([folder]);
  await expect(reading).rejects.toThrow(UserError);
  await expect(reading).rejects.toThrow(told);
});

it('tells of a path that is not there, and of a folder without documents', async () => {
  await expect(documentsOf([join(folder, 'nowhere')])).rejects.toThrow('there is no such file');
  await expect(documentsOf([folder])).rejects.toThrow('no documents here');
});
