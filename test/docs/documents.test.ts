import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { compile } from '../../src/document/compile.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { loadDocuments } from '../../src/source/load-documents.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { scratchFolder } from '../real/scratch.ts';
import { fencedBlocks, followedPages, pages, readPage } from './pages.ts';

/** Its examples are objects of Kubernetes: test/crd/page.test.ts reads them. */
const OF_OBJECTS = 'docs/kubernetes-objects.md';
const others = pages.filter((page) => page !== OF_OBJECTS && !followedPages.includes(page));
const examples = (await Promise.all(others.map(examplesOf))).flat();

/** What an example may refer to without showing it. */
const SURROUNDINGS: Readonly<Record<string, string>> = {
  Api: `
apiVersion: ostiary.dev/v1alpha1
kind: Api
metadata: {name: orders}
spec: {basePath: /orders, tiers: [{name: gold, limits: [{maximumRequests: 1, timePeriodInMilliseconds: 1000}]}]}
`,
  ClientApplication: `
apiVersion: ostiary.dev/v1alpha1
kind: ClientApplication
metadata: {name: web-shop}
spec: {clientId: web-shop}
`,
};

/** What files hold that an example names, by the end of their name. */
const FILES: Readonly<Record<string, string>> = {
  'signing-secret.txt': 'x'.repeat(32),
  '.txt': '192.0.2.0/24',
  '.htpasswd': 'bob:$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.',
};

test('the README has an example of each kind of document', () => {
  const shown = examples.filter(({ page }) => page === 'README.md').map(({ block }) => block);
  for (const kind of ['Api', 'ClientApplication', 'Contract']) expect(shown.join('\n')).toContain(`kind: ${kind}`);
});

test.each(examples)('$page: the documents of example $number have no fault', async ({ block }) => {
  const folder = scratchFolder('example');
  writeFileSync(join(folder, 'example.yaml'), block);
  for (const [kind, text] of Object.entries(SURROUNDINGS)) {
    if (!block.includes(`kind: ${kind}\n`)) writeFileSync(join(folder, `${kind}.yaml`), text);
  }
  const loaded = await loadDocuments([folder], { clock: systemClock });
  const compiled = await compile(loaded, {
    policyKinds,
    environment: policyEnvironment(),
    env: Object.fromEntries([...block.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g)].map(([, name]) => [name, 'x'.repeat(64)])),
    readFile: (path) => Promise.resolve(Buffer.from(contentOf(path))),
    clock: systemClock,
  });
  expect(compiled.snapshot === undefined ? compiled.faults : []).toEqual([]);
  expect(compiled.warnings.filter(({ message }) => message.includes('inside other text'))).toEqual([]);
});

function contentOf(path: string): string {
  return Object.entries(FILES).find(([end]) => path.endsWith(end))?.[1] ?? 'secret';
}

interface Example {
  readonly page: string;
  readonly number: number;
  readonly block: string;
}

async function examplesOf(page: string): Promise<Example[]> {
  return fencedBlocks(await readPage(page), 'yaml')
    .map((block, at) => ({ page, number: at + 1, block }))
    .filter(({ block }) => block.includes('apiVersion: ostiary.dev/'));
}
