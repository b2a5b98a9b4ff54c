import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

test('docs/analytics-fields.md has every field of an event, in their order, and no other', () => {
  const rows = [...read('docs/analytics-fields.md').matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  const source = /export interface RequestEvent \{([^]*?)\n\}/.exec(read('src/analytics/event.ts'))?.[1] ?? '';
  const fields = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  expect(fields.length).toBeGreaterThan(20);
  expect(rows).toEqual(fields);
});
