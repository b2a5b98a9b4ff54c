import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRouteIndex, routeKey } from '../../src/snapshot/route-index.ts';

const index = (...paths: readonly string[]) => createRouteIndex(paths.map((path) => ({ path, route: path })));

describe('routes', () => {
  it('are templates: a name in braces is one segment, or a part of it', () => {
    const routes = index(
      '/',
      '/{id}',
      '/{id}/items/{item}',
      '/files/{name}.json',
      '/at/{lat},{lon}',
      '/v{major}.{minor}',
    );
    const told = (path: string) => routes.routeOf('GET', path);
    expect(told('/')).toBe('/');
    expect(told('/4711')).toBe('/{id}');
    expect(told('/4711/')).toBe('/{id}');
    expect(told('/4711/items/x%2Fy')).toBe('/{id}/items/{item}');
    expect(told('/files/a.b.json')).toBe('/files/{name}.json');
    expect(told('/at/1.5,-2')).toBe('/at/{lat},{lon}');
    expect(told('/v1.2')).toBe('/v{major}.{minor}');
    for (const none of ['/4711/items', '/4711/items/1/2', '/files/.json', '/at/,2', '/at/1,', '/4711/Items/1']) {
      expect(told(none)).toBeUndefined();
    }
    // Text alone does not fit where parameters have to be.
    expect(told('/v.1')).toBe('/{id}');
  });

  it('that are concrete go before templates, where they differ first', () => {
    const routes = index('/{id}', '/mine', '/{id}/{what}', '/{id}/items', '/mine/{what}', '/x{id}', '/x{id}y', '/xay');
    const told = ['/mine', '/other', '/mine/items', '/other/items', '/other/x', '/xay', '/xby', '/xb', '/b'];
    expect(told.map((path) => routes.routeOf('GET', path))).toEqual(
      '/mine /{id} /mine/{what} /{id}/items /{id}/{what} /xay /x{id}y /x{id} /{id}'.split(' '),
    );
  });

  it('are for their methods, and one for GET is for HEAD', () => {
    const routes = createRouteIndex([
      { path: '/{id}', methods: ['GET'], route: 'read' },
      { path: '/{id}', methods: ['PUT', 'PATCH'], route: 'write' },
      { path: '/mine', methods: ['DELETE'], route: 'forget' },
      { path: '/all/{id}', route: 'any' },
      { path: '/all/{id}', methods: ['HEAD'], route: 'head' },
    ]);
    const told = (method: string, path: string) => routes.routeOf(method, path);
    expect([told('GET', '/1'), told('HEAD', '/1'), told('PATCH', '/1')]).toEqual(['read', 'read', 'write']);
    // The concrete one is for another method.
    expect([told('DELETE', '/mine'), told('PUT', '/mine'), told('DELETE', '/1')]).toEqual([
      'forget',
      'write',
      undefined,
    ]);
    expect([told('HEAD', '/all/1'), told('PURGE', '/all/1')]).toEqual(['head', 'any']);
  });

  it('match what a regular expression of the template matches, whatever the path', () => {
    const segment = fc.constantFrom('a', 'b', '{x}', 'a{x}', '{x}b', 'a{x}b', '{x}-{y}');
    const template = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    const path = fc
      .array(fc.string({ unit: fc.constantFrom('a', 'b', '-', '/', '.'), maxLength: 5 }), { maxLength: 4 })
      .map((parts) => `/${parts.join('/')}`.replaceAll(/\/+/g, '/'));
    const property = fc.property(fc.array(template, { minLength: 1, maxLength: 6 }), path, (templates, given) => {
      const bare = given.length > 1 && given.endsWith('/') ? given.slice(0, -1) : given;
      const fitting = templates.filter((each) => new RegExp(`^${each.replaceAll(/\{.\}/g, '[^/]+')}$`).test(bare));
      const told = index(...templates).routeOf('GET', given);
      if (told === undefined) expect(fitting).toEqual([]);
      else expect(fitting.map(routeKey)).toContain(routeKey(told));
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it('are found in time that does not grow with what callers send', () => {
    const wide = Array.from({ length: 1000 }, (_, at) => `/{a}/{b}/{c}/${'x'.repeat(at % 7)}{d}/end-${at}`);
    const routes = index(...wide);
    const startedAt = performance.now();
    for (let round = 0; round < 200; round++) routes.routeOf('GET', `/${'xxxxxxxx/'.repeat(900)}${round}`);
    for (let round = 0; round < 200; round++) routes.routeOf('GET', `/a/b/c/xxxxxxxx/end-none-${round}`);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
