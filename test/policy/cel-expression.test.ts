import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/policy/expression.ts';
import type { ExpressionFailure } from '../../src/policy/expression-failure.ts';
import { checkOf, requestOf } from './fixtures.ts';

const DETAILS = {
  scheme: 'https',
  size: 12,
  destinationAddress: '10.0.0.2',
  destinationPort: 8080,
  destinationPrincipal: 'spiffe://cluster.local/ns/shop/sa/orders',
  metadata: { 'envoy.filters.http.mcp': { method: 'tools/call', params: { name: 'search' } } },
};

const request = requestOf(
  {
    ...checkOf({
      method: 'put',
      path: '/shop/a/b?k=1&k=2&plus=a+b%21',
      host: 'Shop.example.com:8080',
      headers: { 'x-key': 'K', 'x-owned': 'forged' },
      sourceAddress: '10.1.2.3',
      sourcePrincipal: 'spiffe://cluster.local/ns/shop/sa/web',
    }),
    details: DETAILS,
  },
  {
    api: 'team/orders',
    apiLabels: { tier: 'public' },
    basePath: '/shop',
    path: { path: '/shop/a/b', query: 'k=1&k=2&plus=a+b%21' },
    identity: {
      claims: { sub: 's', n: 7, half: 0.5, admin: true, roles: ['a', 'b'], nothing: null, realm: { roles: ['r'] } },
    },
    ownedHeaders: new Set(['x-owned', 'x-set']),
    upstream: [['x-set', 'by a policy']],
    now: Date.parse('2026-11-27T23:30:00Z'),
  },
);

describe('a value by CEL', () => {
  it.each([
    ["request.headers['x-key']", 'K'],
    ["request.headers['x-owned']", undefined],
    ["request.headers['x-set']", 'by a policy'],
    ["'x-owned' in request.headers", 'false'],
    ['request.headers.all(name, name != "x-owned")', 'true'],
    ['request.method', 'PUT'],
    ['request.path', '/shop/a/b'],
    ['request.relativePath', '/a/b'],
    ['request.rawPath', '/shop/a/b?k=1&k=2&plus=a+b%21'],
    ['request.host', 'shop.example.com'],
    ['request.address', '10.1.2.3'],
    ["request.query['plus']", 'a b!'],
    ['request.query.k', '1,2'],
    ['size(request.query)', '2'],
    ['api.name', 'orders'],
    ['api.namespace', 'team'],
    ['api.labels.tier', 'public'],
    ['has(api.labels.none)', 'false'],
    ['claims.sub', 's'],
    ['claims.n', '7'],
    ['claims.half', '0.5'],
    ['claims.admin', 'true'],
    ['claims.nothing', undefined],
    ['claims.roles', undefined],
    ['claims.roles[1]', 'b'],
    ['claims.realm.roles[0]', 'r'],
    ['has(claims.realm.groups)', 'false'],
    ["claims.roles.join('+')", 'a+b'],
    ["has(client.id) ? client.id : 'nobody'", 'nobody'],
    ['client.id', undefined],
    ['source.spiffeId.split("/")[4]', 'shop'],
    ['request.scheme', 'https'],
    ['request.protocol', 'HTTP/1.1'],
    ['request.size + 1', '13'],
    ['destination.address + ":" + string(destination.port)', '10.0.0.2:8080'],
    ["destination.spiffeId.endsWith('/orders')", 'true'],
    ["metadata['envoy.filters.http.mcp'].params.name", 'search'],
    ["has(metadata['envoy.filters.http.mcp'].error)", 'false'],
    ["metadata['none'].x", undefined],
    ["now.getHours('Europe/Berlin')", '0'],
    ["now < timestamp('2026-11-28T00:00:00Z')", 'true'],
  ])('%s gives %s', (cel, expected) => {
    expect(compileExpression({ cel }).select(request)).toBe(expected);
  });

  it('that fails gives nothing, and is told without anything of the request', () => {
    const failures: ExpressionFailure[] = [];
    const telling = { ...request, expressionFailed: (failure: ExpressionFailure) => void failures.push(failure) };
    expect(compileExpression({ cel: 'claims.sub + claims.roles[9]' }).select(telling)).toBeUndefined();
    expect(failures).toEqual([
      { expression: 'claims.sub + claims.roles[9]', message: 'at 1:26: there is no such entry' },
    ]);
  });

  it.each([
    ['requst.method', '1:1: there is no variable "requst"; did you mean "request"?'],
    ['request.metod', '1:9: request has no field "metod"; did you mean "method"?'],
    ["true &&\n  request.headers['X-Key'] == 'a'", '2:18: request.headers: names are in lower case: write "x-key"'],
    ['request', '1:1: request is not a value by itself: write request. and one of method, path'],
    ['request.method == 1', '1:16: a string never equals an int'],
    ['request.method + 1', '1:16: + is not for (string, int)'],
    ["request.path.startWith('/a')", '1:14: there is no function "startWith"; did you mean "startsWith"?'],
    ["request.path.matches('(')", '1:22: "(" is no RE2 expression'],
    ['request.path.matches(request.method)', '1:30: the pattern is written out'],
    ['claims.roles.map(r, r)', 'gives a list, and a text, a number or a truth value is needed'],
    ['request.method ==', '1:18: the expression ends too early'],
    ["request.method = 'GET'", '1:16: the sign "=" has no meaning here; write =='],
    ["'a", "1:1: the text that begins here does not end: ' is missing"],
  ])('%j is a fault: %s', (cel, message) => {
    expect(() => compileExpression({ cel })).toThrow(message);
  });

  it('says what it reads', () => {
    expect(compileExpression({ cel: "has(claims.sub) && request.headers['x-a'] in request.query" }).reads).toEqual([
      { variable: 'claims', key: 'sub' },
      { variable: 'request', field: 'headers', key: 'x-a' },
      { variable: 'request', field: 'query' },
    ]);
  });
});
