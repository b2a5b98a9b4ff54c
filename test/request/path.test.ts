import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath, pathBelow } from '../../src/request/path.ts';
import type { NormalPath } from '../../src/request/path.ts';

function pathOf(raw: string, method = 'GET'): string {
  const found = normalizePath(raw, { method });
  return typeof found === 'string' ? `refused: ${found}` : found.path;
}

describe('a path', () => {
  it.each([
    ['/orders/1?a=%2f&b=..', '/orders/1'],
    ['/a//b', '/a/b'],
    ['//a', '/a'],
    ['/a/./b/', '/a/b/'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/%2e%2e/b', '/b'],
    ['/a/.%2E/b', '/b'],
    ['/%61', '/a'],
    ['/a;x=1/b;y', '/a/b'],
    ['/a%3Bx/b', '/a/b'],
    ['/%252e%252e/b', '/%2e%2e/b'],
    ['/caf%C3%A9', '/café'],
    ['/.hidden', '/.hidden'],
    ['/a/...', '/a/...'],
    ['/;x', '/'],
  ])('%s is matched as %s', (raw, expected) => {
    expect(pathOf(raw)).toBe(expected);
  });

  it.each([
    '/a%2f',
    '/a%2f..%2fb',
    '/a%2F.%2fb',
    '/a%2f%2Fb',
    '/a%2f;x/b',
    '/..%2fa',
    '/a/%2e%2e%2fb',
    '/a%2f..;/b',
    '/a%2fb%5cc',
    '/a%5cb',
    '/a\\b',
    '/a#b',
    '/a?b#c',
    '/a%00',
    '/a%0d%0a',
    '/a%7f',
    '/a%C2%85',
    '/a\u0000',
    '/a?b\u0007',
    '/%ff',
    '/%c0%af',
    '/%',
    '/%zz',
    '/%u002f',
    '/a\uFFFD',
    '/..',
    '/a/../..',
    '/a/%2e%2e/%2e%2e/b',
    '/..;/a',
    '/a/..;x/b',
    '/a/..%3bx/b',
    '/a/.%2e;/b',
    '/a/.;/b',
    '',
    'a/b',
    '*',
    'http://h/a',
  ])('%s is refused', (raw) => {
    expect(pathOf(raw)).toMatch(/^refused: /);
  });

  it.each([
    ['/a/1', undefined],
    ['/a;x/b', { asSent: ['/a;x/b', '/a/b', '/a'], decoded: ['/a;x/b'], hasEncodedSlash: false }],
    ['/a%3Bx/b', { asSent: ['/a%3Bx/b'], decoded: ['/a;x/b'], hasEncodedSlash: false }],
    ['/%61/b', { asSent: ['/%61/b'], decoded: [], hasEncodedSlash: false }],
    ['/a/../b', { asSent: ['/a/../b'], decoded: ['/a/../b'], hasEncodedSlash: false }],
    // An upstream that decodes and resolves nothing takes this for a path below /a.
    ['/a/.%2E', { asSent: ['/a/.%2E'], decoded: ['/a/..'], hasEncodedSlash: false }],
    ['//a', { asSent: ['//a'], decoded: ['//a'], hasEncodedSlash: false }],
    ['/a%2fb/c', { asSent: ['/a%2fb/c'], decoded: ['/a/b/c'], hasEncodedSlash: true }],
  ])('%s has as other readings %j', (raw, readings) => {
    expect(normalizePath(raw, { method: 'GET' })).toMatchObject({ query: '' });
    expect((normalizePath(raw, { method: 'GET' }) as NormalPath).readings).toEqual(readings);
  });

  it('keeps an encoded slash as a character of its segment', () => {
    expect(pathOf('/projects/group%2fapp%2Fx/%61')).toBe('/projects/group%2Fapp%2Fx/a');
  });

  it('of CONNECT may be empty, and of OPTIONS a star', () => {
    expect(pathOf('', 'CONNECT')).toBe('/');
    expect(pathOf('*', 'OPTIONS')).toBe('/');
  });

  it('has its query apart, undecoded', () => {
    expect(normalizePath('/a?x=%41?y', { method: 'GET' })).toEqual({ path: '/a', query: 'x=%41?y' });
  });

  it('never keeps a dot segment, a doubled slash, a parameter or a control character, whatever was sent', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      ';',
      '%2e',
      '%2f',
      '%3b',
      '%25',
      'a',
      '%41',
      '\u0001',
      '?',
      '#',
      '\\',
      'é',
      '%C3%A9',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const found = normalizePath(`/${pieces.join('')}`, { method: 'GET' });
        if (typeof found === 'string') return;
        expect(found.path).toMatch(/^\//);
        expect(found.path).not.toMatch(/\/\/|;|\\|#(?!)|\/\.{1,2}(\/|$)/);
        // Once resolved, a path stays as it is.
        if (!found.path.includes('%')) expect(pathOf(encodeURI(found.path))).toBe(found.path);
      }),
    );
  });
});

describe('the path below a base path', () => {
  it.each([
    ['/', '/a', '/a'],
    ['/orders', '/orders', '/'],
    ['/orders', '/orders/1', '/1'],
    ['/orders', '/ordersx', undefined],
    ['/orders', '/else', undefined],
    ['/orders', '/orders..', undefined],
  ])('%s of %s is %s', (base, path, below) => {
    expect(pathBelow(base, path)).toBe(below);
  });
});
