import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chartReadme, readmePath } from './readme.ts';

test("the chart's README tells its values as they are", () => {
  expect(readFileSync(readmePath, 'utf8')).toBe(chartReadme());
  expect(chartReadme()).not.toContain('|  |');
});
