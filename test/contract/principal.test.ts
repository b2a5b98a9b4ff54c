import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrincipalIndex, isSpiffeId, overlap, principalFrom } from '../../src/contract/principal.ts';
import type { Principal } from '../../src/contract/principal.ts';

function parsed(text: string): Principal {
  const principal = principalFrom(text);
  if (typeof principal === 'string') throw new Error(principal);
  return principal;
}

function indexOf(...principals: readonly string[]): (spiffeId: string) => string | undefined {
  const index = new PrincipalIndex<string>();
  for (const principal of principals) index.add(principal, principal);
  return (spiffeId) => index.find(spiffeId);
}

describe('a principal', () => {
  it.each([
    'spiffe://cluster.local/ns/shop/sa/web',
    'spiffe://a',
    'spiffe://a_b-c.d/X.y_z-0',
    'spiffe://a/*',
    'spiffe://a/*/sa/**',
    'spiffe://a/**',
  ])('may be %s', (text) => {
    expect(principalFrom(text)).toMatchObject({ isPattern: text.includes('*') });
    expect(isSpiffeId(text)).toBe(!text.includes('*'));
  });

  it.each([
    '',
    'cluster.local/ns/a',
    'SPIFFE://a/b',
    'spiffe:///b',
    'spiffe://A/b',
    'spiffe://*/b',
    'spiffe://a:1/b',
    'spiffe://a/',
    'spiffe://a//b',
    'spiffe://a/./b',
    'spiffe://a/../b',
    'spiffe://a/b%41',
    'spiffe://a/b c',
    'spiffe://a/b\n',
    'spiffe://a/b?c',
    'spiffe://a/web-*',
    'spiffe://a/**/b',
    'spiffe://a/***',
    `spiffe://a/${'b'.repeat(2048)}`,
    `spiffe://a${'/*'.repeat(17)}`,
  ])('may not be %j', (text) => {
    expect(principalFrom(text)).toEqual(expect.any(String));
    expect(isSpiffeId(text)).toBe(false);
  });
});

describe('a look-up', () => {
  const find = indexOf(
    'spiffe://a/ns/shop/sa/web',
    'spiffe://a/ns/shop/sa/*',
    'spiffe://a/ns/*/sa/cart',
    'spiffe://a/jobs/**',
    'spiffe://b/**',
  );

  it.each([
    ['spiffe://a/ns/shop/sa/web', 'spiffe://a/ns/shop/sa/web'],
    ['spiffe://a/ns/shop/sa/api', 'spiffe://a/ns/shop/sa/*'],
    ['spiffe://a/ns/other/sa/cart', 'spiffe://a/ns/*/sa/cart'],
    ['spiffe://a/jobs/1', 'spiffe://a/jobs/**'],
    ['spiffe://a/jobs/1/2', 'spiffe://a/jobs/**'],
    ['spiffe://b/x', 'spiffe://b/**'],
  ])('of %s finds %s', (spiffeId, found) => {
    expect(find(spiffeId)).toBe(found);
  });

  it.each([
    'spiffe://a/ns/shop/sa',
    'spiffe://a/ns/shop/sa/',
    'spiffe://a/ns/shop/sa/web/more',
    'spiffe://a/ns/shop/sa/..',
    'spiffe://a/ns/shop/sa/a%2f',
    'spiffe://a/ns/other/sa/web',
    'spiffe://a/ns//sa/cart',
    'spiffe://a/jobs',
    'spiffe://a/jobs/',
    'spiffe://b',
    'spiffe://c/x',
    'spiffe://aa/jobs/1',
    'xspiffe://a/jobs/1',
    'spiffe://a/jobs/1\nspiffe://a/ns/shop/sa/web',
    'spiffe://a/ns/shop/sa/*',
    'spiffe://a/jobs/**',
    '__proto__',
  ])('of %j finds nobody', (spiffeId) => {
    expect(find(spiffeId)).toBeUndefined();
  });
});

const segment = fc.constantFrom('a', 'b', '*');
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
  .map(([segments, isOpen]) => ['spiffe://t', ...segments, ...(isOpen ? ['**'] : [])].join('/'));
const spiffeId = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 })
  .map((segments) => ['spiffe://t', ...segments].join('/'));

/** The same by a regular expression. */
function covers(text: string, id: string): boolean {
  const source = text
    .replaceAll('.', '\\.')
    .replaceAll('**', '.+')
    .replaceAll(/(?<=\/)\*/g, '[^/]+');
  return new RegExp(`^${source}$`).test(id);
}

it('finds what a regular expression of the pattern would', () => {
  fc.assert(
    fc.property(pattern, spiffeId, (text, id) => {
      expect(indexOf(text)(id)).toBe(covers(text, id) ? text : undefined);
    }),
  );
});

it('patterns overlap where, and only where, some id is of both', () => {
  // Of segments a, b and c, since a third name shows that "*" is more than either.
  const ids = [''].concat(['a', 'b', 'c']);
  const all = (depth: number): string[] =>
    depth === 0
      ? ['spiffe://t']
      : all(depth - 1).flatMap((id) => ids.map((name) => (name === '' ? id : `${id}/${name}`)));
  const known = [...new Set(all(5))];
  fc.assert(
    fc.property(pattern, pattern, (one, other) => {
      const isShared = known.some((id) => covers(one, id) && covers(other, id));
      expect(overlap(parsed(one), parsed(other))).toBe(isShared);
      expect(overlap(parsed(other), parsed(one))).toBe(isShared);
    }),
    { numRuns: 200 },
  );
});
