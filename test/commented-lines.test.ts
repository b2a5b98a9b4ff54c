import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commentedLines, shellWord } from '../src/commented-lines.ts';

test('comments stand in one column, but for that of a line that is too long', () => {
  const long = 'x'.repeat(200);
  expect(
    commentedLines([
      ['get apis', 'lists'],
      ['audit', 'who'],
      [long, 'much'],
    ]),
  ).toBe(`  get apis   # lists\n  audit      # who\n  ${long}   # much\n`);
  expect(commentedLines([])).toBe('');
});

test('a word is one word of a shell, whatever is in it', () => {
  expect(shellWord('/var/lib/ostiary')).toBe('/var/lib/ostiary');
  for (const text of ['a b', "it's", '$(id)', '', '*', 'a;b', '~', 'a\nb'])
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
});
