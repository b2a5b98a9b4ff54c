import { expect, test } from 'vitest';
import { PROFILES } from '../../src/forward-auth/profiles.ts';
import { REFUSALS } from '../../src/forward-auth/refusal.ts';
import { readPage } from './pages.ts';

const page = await readPage('docs/proxies/README.md');

test('docs/proxies lists each reason for which a question is refused, and no other', () => {
  const section = page.slice(page.indexOf('## What is refused'));
  const [, ...rows] = [...section.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, reason, meaning]) => [
    reason,
    meaning,
  ]);
  expect(rows).toEqual(Object.entries(REFUSALS));
});

test('docs/proxies has a row for each profile', () => {
  const section = page.slice(0, page.indexOf('## Who may ask'));
  const rows = [...section.matchAll(/^\| [^|]+ \| `(\w+)` +\|/gm)].map(([, profile = '']) => profile);
  expect(rows.toSorted()).toEqual(Object.keys(PROFILES).toSorted());
});
