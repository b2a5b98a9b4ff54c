import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameFrom, proposalOf } from '../../../console/src/forms/open-api.ts';
import { routeLines, routesFrom } from '../../../console/src/forms/route-lines.ts';
import { documentSchemas } from '../../../src/document/schema.ts';

describe('an API from its specification', () => {
  it('has name, place and routes of OpenAPI 3, in YAML or JSON', () => {
    const text = `openapi: 3.1.0
info: { title: Orders of the Shop, version: 2.1.0 }
servers:
  - { url: 'https://{stage}.example.com/v2/orders/', variables: { stage: { default: api } } }
  - { url: 'https://eu.example.com/v2/orders/' }
  - { url: 'https://old.example.com/v1' }
paths:
  /: { get: {} }
  /{id}: { get: {}, delete: {}, parameters: [] }
  x-none: {}
`;
    const expected = {
      name: 'orders-of-the-shop',
      version: 'v2',
      hosts: ['api.example.com', 'eu.example.com'],
      basePath: '/v2/orders',
      routes: [
        { methods: ['GET'], path: '/' },
        { methods: ['GET', 'DELETE'], path: '/{id}' },
      ],
    };
    expect(proposalOf(text)).toMatchObject(expected);
  });

  it('has those of Swagger 2, and of a server that is a path alone', () => {
    const old = {
      swagger: '2.0',
      info: { title: 'Pets' },
      host: 'pets.example.com:8443',
      basePath: '/api/',
      paths: {},
    };
    expect(proposalOf(JSON.stringify(old))).toMatchObject({ hosts: ['pets.example.com'], basePath: '/api' });
    expect(proposalOf('openapi: 3.0.0\nservers: [{ url: /x }]')).toMatchObject({
      hosts: [],
      basePath: '/x',
      name: 'api',
    });
  });

  it('is none of what is no specification, which it says', () => {
    for (const text of ['x', '[]', 'a: 1', '{', 'openapi: 3.0.0\nopenapi: 3.1.0'])
      expect(proposalOf(text)).toHaveProperty('problem');
  });

  it('has a name that documents take, whatever the title', () => {
    const named = documentSchemas.Api;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (title) => {
        const document = {
          apiVersion: 'ostiary.dev/v1alpha1',
          kind: 'Api',
          metadata: { name: nameFrom(title) },
          spec: {},
        };
        expect(named.safeParse(document).success).toBe(true);
      }),
    );
  });
});

describe('routes', () => {
  it('are lines, and these lines the routes', () => {
    const path = fc.constantFrom('/', '/orders', '/orders/{id}', '/a:b');
    const methods = fc.uniqueArray(fc.constantFrom('GET', 'POST', 'DELETE', 'M-SEARCH'), { minLength: 1 });
    const route = fc.oneof(fc.record({ methods, path }), fc.record({ path }));
    fc.assert(
      fc.property(fc.array(route, { minLength: 1 }), (routes) => {
        expect(routesFrom(routeLines(routes) ?? '')).toEqual(routes);
      }),
    );
    expect(routesFrom(' get  post /x \n\n')).toEqual([{ methods: ['GET', 'POST'], path: '/x' }]);
    expect(routesFrom('')).toBeUndefined();
  });

  it('that say more are no lines', () => {
    expect(routeLines([{ name: 'one', path: '/x' }])).toBeUndefined();
    expect(routeLines([{ path: '/a b' }])).toBeUndefined();
    expect(routeLines('x')).toBeUndefined();
  });
});
