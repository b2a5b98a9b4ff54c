import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/policy/expression.ts';
import { checkOf, requestOf } from './fixtures.ts';

const request = requestOf(checkOf({ method: 'PUT', headers: { 'x-key': 'K' }, sourceAddress: '10.1.2.3' }), {
  path: { path: '/a', query: 'k=1&k=2&plus=a+b%21' },
  identity: { claims: { sub: 's', n: 7, admin: true, list: ['a'], big: 2 ** 53, 'client-id': 'c' } },
});

describe('an expression', () => {
  it.each([
    ["#[attributes.headers['x-key']]", 'K'],
    ['#[attributes.headers["X-KEY"]]', 'K'],
    ["#[ attributes.headers['none'] ]", undefined],
    ["#[attributes.queryParams['plus']]", 'a b!'],
    ['#[attributes.queryParams.k]', '1,2'],
    ['#[attributes.method]', 'PUT'],
    ['#[attributes.requestPath]', '/a'],
    ['#[attributes.remoteAddress]', '10.1.2.3'],
    ['#[vars.claimSet.sub]', 's'],
    ['#[vars.claimSet.n]', '7'],
    ['#[vars.claimSet.admin]', 'true'],
    ["#[vars.claimSet['client-id']]", 'c'],
    ['#[vars.claimSet.list]', undefined],
    ['#[vars.claimSet.big]', undefined],
    ['#[vars.claimSet.toString]', undefined],
    ['#[vars.claimSet.__proto__]', undefined],
    ['#[authentication.principal]', 's'],
    ['a literal', 'a literal'],
  ])('%s selects %s', (source, expected) => {
    expect(compileExpression(source).select(request)).toBe(expected);
  });

  it.each([
    '#[payload]',
    '#[attributes.headers]',
    "#[attributes.headers['a'] ++ 'b']",
    '#[',
    'x #[attributes.method]',
    '#[vars.other.x]',
  ])('%s is refused, and the error says what is supported', (source) => {
    expect(() => compileExpression(source)).toThrow(/is not supported; supported are #\[attributes\.headers/);
  });

  it('knows the header it reads, so that it can be removed', () => {
    expect(compileExpression("#[attributes.headers['X-Key']]").headerName).toBe('x-key');
    expect(compileExpression("#[attributes.queryParams['k']]")).toMatchObject({
      headerName: undefined,
      fromQuery: true,
    });
  });

  it('takes the client application for the principal before the subject', () => {
    const client = { name: 'web', clientId: 'id-1', secrets: [] };
    const known = requestOf(checkOf(), { identity: { client, claims: { sub: 's' } } });
    expect(compileExpression('#[authentication.principal]').select(known)).toBe('id-1');
  });
});
