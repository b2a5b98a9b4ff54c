import { describe, expect, it } from 'vitest';
import { compileCondition, mayHold } from '../../src/policy/condition.ts';
import type { ExpressionFailure } from '../../src/policy/expression-failure.ts';
import type { Request } from '../../src/policy/policy.ts';
import { normalizePath } from '../../src/request/path.ts';
import { checkOf, requestOf } from './fixtures.ts';

function to(method: string, raw: string, parts: Partial<Request> = {}): Request {
  const path = normalizePath(raw, { method });
  if (typeof path === 'string') throw new TypeError(path);
  return requestOf(checkOf({ method, path: raw }), { path, ...parts });
}

describe('a condition', () => {
  it.each([
    ["request.path.startsWith('/admin')", to('GET', '/admin/users'), true],
    ["request.path.startsWith('/admin')", to('GET', '/%61dmin'), true],
    ["request.path.startsWith('/admin')", to('GET', '/public/../admin'), true],
    ["request.path.startsWith('/admin')", to('GET', '/x/admin'), false],
    ["request.path == '/admin'", to('GET', '/admin/'), true],
    ["request.path == '/admin'", to('GET', '/admin;a=b'), true],
    ["request.path == '/a;b'", to('GET', '/a;b'), true],
    ["request.method == 'POST'", to('post', '/'), true],
    ["request.method == 'GET'", to('HEAD', '/'), true],
    ["request.method == 'HEAD'", to('GET', '/'), false],
    ["request.relativePath == '/x'", to('GET', '/shop/x/', { basePath: '/shop' }), true],
    ["request.relativePath == '/'", to('GET', '/shop', { basePath: '/shop' }), true],
  ])('%s may hold where some reading has it', (source, request, expected) => {
    expect(mayHold(compileCondition(source), request)).toBe(expected);
  });

  it.each([
    ["request.path != '/admin'", to('GET', '/admin/'), false],
    ["!request.path.startsWith('/admin')", to('GET', '/a;b'), true],
    ["request.method != 'GET'", to('HEAD', '/'), false],
    ["request.method in ['GET', 'HEAD']", to('HEAD', '/'), true],
  ])('%s holds where every reading has it', (source, request, expected) => {
    expect(compileCondition(source).test(request, 'every')).toBe(expected);
  });

  it('that fails may hold, and the failure is told without anything of the request', () => {
    const told: ExpressionFailure[] = [];
    const request = requestOf(checkOf(), { expressionFailed: (failure) => void told.push(failure) });
    expect(mayHold(compileCondition("claims.role == 'secret-of-the-document'"), request)).toBe(true);
    expect(told).toEqual([
      { expression: "claims.role == 'secret-of-the-document'", message: 'at 1:8: there is no "role" in claims' },
    ]);
  });

  it('fails where its value is not a truth', () => {
    const request = requestOf(checkOf(), { identity: { claims: { admin: 'true' } } });
    expect(compileCondition('claims.admin').test(request, 'some')).toEqual({
      expression: 'claims.admin',
      message: 'at 1:1: the value is neither true nor false',
    });
  });
});
