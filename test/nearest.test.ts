import { expect, it } from 'vitest';
import { nearest } from '../src/nearest.ts';

it.each([
  ['hots', 'hosts'],
  ['bsaePath', 'basePath'],
  ['BASEPATH', 'basePath'],
  ['teirs', 'tiers'],
  ['polices', 'policies'],
  ['colour', undefined],
  ['x', undefined],
  ['', undefined],
  ['a'.repeat(100_000), undefined],
])('for %s it is %s', (word, meant) => {
  expect(nearest(word, ['hosts', 'basePath', 'tiers', 'policies'])).toBe(meant);
});
