import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ALL_CODES, CODES, GROUPS } from '../../src/doctor/codes.ts';

const folder = join(import.meta.dirname, '../../docs/doctor');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

test('each code has a page, and each page a code', () => {
  const pages = readdirSync(folder).filter((name) => name !== 'README.md');
  expect(pages.toSorted()).toEqual(ALL_CODES.map((code) => `${code}.md`));
});

test.each(ALL_CODES)('the page of %s says what it means, how to see it by hand, and how to fix it', (code) => {
  const { severity, title } = CODES[code];
  const page = readFileSync(join(folder, `${code}.md`), 'utf8');
  expect(page.startsWith(`# ${code}: ${title}\n\nSeverity: ${severity}. `)).toBe(true);
  expect([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(['See it by hand', 'Fix']);
  expect(page.match(/^```sh$/gm)).toHaveLength(2);
  const group = GROUPS[code.charAt(3)] ?? '';
  expect(group).not.toBe('');
  // In the table of its group, with its severity and title.
  const table = readme.slice(readme.indexOf(`### ${group}\n`));
  expect(table).toMatch(new RegExp(`\\[${code}\\]\\(${code}\\.md\\)\\s*\\| ${severity}\\s*\\| `));
  expect(table).toContain(title);
});
