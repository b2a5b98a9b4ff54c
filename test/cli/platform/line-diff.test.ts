import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lineDiff } from '../../../src/cli/platform/line-diff.ts';
import { scratchFolder } from '../../real/scratch.ts';

it('says nothing of equal texts', () => {
  expect(lineDiff('api/orders', ['a', 'b'], ['a', 'b'])).toBe('');
});

it('shows what is new, and what is gone, as a whole', () => {
  expect(lineDiff('api/orders', [], ['a'])).toBe('--- /dev/null\n+++ api/orders\n@@ -0,0 +1,1 @@\n+a\n');
  expect(lineDiff('api/orders', ['a'], [])).toBe('--- api/orders\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n');
});

it('shows a change with the lines around it', () => {
  const before = ['1', '2', '3', '4', 'old', '6', '7', '8', '9'];
  const after = before.with(4, 'new');
  expect(lineDiff('x', before, after)).toBe('--- x\n+++ x\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-old\n+new\n 6\n 7\n 8\n');
});

it('makes the second text of the first, as git applies it', () => {
  const folder = scratchFolder('line-diff');
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 30 });
  const file = join(folder, 'text');
  const whole = (lines: readonly string[]): string => lines.map((each) => `${each}\n`).join('');
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(whole(before) !== whole(after));
      writeFileSync(file, whole(before));
      writeFileSync(join(folder, 'patch'), lineDiff('text', before, after));
      execFileSync('git', ['apply', '-p0', '--unidiff-zero', 'patch'], {
        cwd: folder,
        env: { GIT_CEILING_DIRECTORIES: '/' },
      });
      expect(readFileSync(file, 'utf8')).toBe(whole(after));
    }),
    { numRuns: 50 },
  );
});
