import { describe, expect, it } from 'vitest';
import { hostOf } from '../../src/request/host.ts';
import { createApiIndex } from '../../src/snapshot/api-index.ts';
import { apiOf } from '../policy/fixtures.ts';

const index = createApiIndex([
  apiOf({ name: 'exact', hosts: ['api.example.com'], basePath: '/orders' }),
  apiOf({ name: 'deeper', hosts: ['api.example.com'], basePath: '/orders/v2' }),
  apiOf({ name: 'wild', hosts: ['*.example.com'], basePath: '/orders' }),
  apiOf({ name: 'wilder', hosts: ['*.eu.example.com'] }),
  apiOf({ name: 'any', basePath: '/any' }),
  apiOf({ name: 'six', hosts: ['[::1]'], basePath: '/' }),
]);
const IGNORING = { port: 'ignore', finalDot: 'ignore' } as const;
const find = (authority: string, path: string): string | undefined =>
  index(hostOf(authority, IGNORING) ?? 'refused', path)?.name;

describe('the API of a request', () => {
  it('is the one with the exact host before a wildcard before any host', () => {
    expect(find('api.example.com', '/orders')).toBe('exact');
    expect(find('www.example.com', '/orders')).toBe('wild');
    expect(find('other.org', '/any/1')).toBe('any');
  });

  it('has the longest base path on whole segments', () => {
    expect(find('api.example.com', '/orders/v2/1')).toBe('deeper');
    expect(find('api.example.com', '/orders/v22')).toBe('exact');
    expect(find('api.example.com', '/ordersx')).toBeUndefined();
  });

  it('is looked for in the next class of hosts where the first has no such path', () => {
    expect(find('api.example.com', '/any')).toBe('any');
    expect(find('a.eu.example.com', '/orders')).toBe('wilder');
    expect(find('eu.example.com', '/orders')).toBe('wild');
  });

  it('depends on port and final dot only where they are compared', () => {
    expect(index('api.example.com:8443', '/orders')).toBeUndefined();
    expect(index('api.example.com.', '/any')?.name).toBe('any');
    expect(find('API.example.com.:8443', '/orders')).toBe('exact');
    expect(find('[::1]:80', '/')).toBe('six');
  });

  it('of a wildcard is not found by the bare domain', () => {
    expect(find('example.com', '/orders')).toBeUndefined();
    expect(find('evilexample.com', '/orders')).toBeUndefined();
  });

  it('is the same however many base paths a host has', () => {
    // Few are compared one by one, more are looked up.
    const longest = (basePaths: readonly string[], path: string): string | undefined =>
      basePaths
        .filter((base) => base === '/' || path === base || path.startsWith(`${base}/`))
        .toSorted((a, b) => b.length - a.length)[0];
    const all = ['/a', '/a/b', '/', '/a/b/c', '/ab', '/b', '/b/c/d', '/é', '/a/b/d'];
    const paths = [
      '/',
      '/a',
      '/a/',
      '/ab',
      '/abc',
      '/a/b',
      '/a/bc',
      '/a/b/c/d',
      '/b/c',
      '/b/c/d/',
      '/c',
      '/é/x',
      '/a/b/d',
    ];
    for (let from = 0; from < all.length; from++) {
      for (let to = from + 1; to <= all.length; to++) {
        const some = all.slice(from, to);
        const found = createApiIndex(some.map((basePath) => apiOf({ name: basePath, basePath })));
        for (const path of paths)
          expect([some, path, found('h', path)?.name]).toEqual([some, path, longest(some, path)]);
        const sent = found('h', '/%C3%A9/x', 'as sent')?.name;
        expect([some, sent]).toEqual([some, some.includes('/é') ? '/é' : longest(some, '/other')]);
      }
    }
  });

  it('is none where nothing matches', () => {
    expect(find('', '/')).toBeUndefined();
    expect(find('other.org', '/')).toBeUndefined();
  });
});
