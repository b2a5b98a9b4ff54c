import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { loadDocuments } from '../../src/source/load-documents.ts';

it.each(['{toString: 0}', '[a]', '5', '__proto__', '{__proto__: {x: 1}}'])(
  'a name that is %s is a fault or harmless',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'ostiary-names-'));
    await writeFile(
      join(folder, 'a.yaml'),
      `apiVersion: ostiary.dev/v1alpha1\nkind: Api\nmetadata: {name: ${name}}\nspec: {}\n`,
    );
    const { documents, faults } = await loadDocuments([folder], { clock: systemClock });
    expect({ documents: documents.length, fields: faults.sorted().map(({ field }) => field.split('.')[0]) }).toEqual({
      documents: 0,
      fields: ['metadata'],
    });
    await rm(folder, { recursive: true });
  },
);
