import { readFileSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kindElsewhere } from '../../src/document/kinds-elsewhere.ts';
import { policyKinds } from '../../src/policies/index.ts';

const source = readFileSync(join(import.meta.dirname, '../../src/document/kinds-elsewhere.ts'), 'utf8');
const names = [...source.matchAll(/^ {2}'?([a-z-]+)'?: '/gm)].map(([, name = '']) => name);

test('what is meant by a name from elsewhere is a kind, and the name itself is none', () => {
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) {
    const meant = kindElsewhere(name);
    expect(policyKinds.has(name), name).toBe(false);
    expect(meant !== undefined && 'kind' in meant && policyKinds.has(meant.kind), name).toBe(true);
  }
});

test('no kind is taken for a part of Envoy, and the page that is named is there', () => {
  for (const name of policyKinds.keys()) expect(kindElsewhere(name), name).toBeUndefined();
  expect(kindElsewhere('message-logging')).toEqual({ page: 'docs/policies/elsewhere.md' });
  expect(globSync('docs/policies/elsewhere.md', { cwd: join(import.meta.dirname, '../..') })).toHaveLength(1);
});
