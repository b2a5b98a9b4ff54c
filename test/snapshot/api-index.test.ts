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
const ignoring = { port: 'ignore', finalDot: 'ignore' } as const;
const find = (authority: string, path: string): string | undefined =>
  index(hostOf(authority, ignoring) ?? 'refused', path)?.name;

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

  it('is none where nothing matches', () => {
    expect(find('', '/')).toBeUndefined();
    expect(find('other.org', '/')).toBeUndefined();
  });
});
