import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AUDIT_ACTIONS } from '../../src/audit/event.ts';

test('docs/audit.md lists every action of an event, with what it means', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/audit.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z.]+)` +\| (.+?) +\|$/gm)].map(([, action, meaning]) => [action, meaning]);
  expect(Object.fromEntries(rows)).toEqual(AUDIT_ACTIONS);
});
