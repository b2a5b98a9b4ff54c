import { describe, expect, it } from 'vitest';
import authorization from '../../src/policies/authorization.ts';
import type { ExpressionFailure } from '../../src/policy/expression-failure.ts';
import type { Outcome, Request } from '../../src/policy/policy.ts';
import { normalizePath } from '../../src/request/path.ts';
import { checkOf, requestOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';
import { policyEnvironment } from './environment.ts';

type Rules = readonly Readonly<Record<string, string>>[];

function faults(rules: unknown): string[] {
  const result = authorization.options.safeParse({ rules });
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function request(parts: CheckParts, claims?: Record<string, unknown>, more: Partial<Request> = {}): Request {
  const check = checkOf(parts);
  const path = normalizePath(check.path, check);
  if (typeof path === 'string') throw new TypeError(path);
  return requestOf(check, { path, identity: claims === undefined ? {} : { claims }, ...more });
}

function decide(rules: Rules, given: Request): Outcome {
  const policy = authorization.create(authorization.options.parse({ rules }), policyEnvironment());
  if (policy.phase !== 'access') throw new TypeError('authorization is an access policy');
  return policy.decide(given) as Outcome;
}

function passes(rules: Rules, given: Request): boolean {
  return decide(rules, given).reason === undefined;
}

const ADMINS: Rules = [
  { allow: "'admin' in claims.roles" },
  { description: 'readers read', allow: "request.method in ['GET', 'HEAD'] && 'reader' in claims.roles" },
  { description: 'nobody deletes', deny: "request.method == 'DELETE'" },
];

describe('authorization', () => {
  it('admits a request that some rule allows and none denies', () => {
    expect(passes(ADMINS, request({ method: 'POST' }, { roles: ['admin'] }))).toBe(true);
    expect(passes(ADMINS, request({ method: 'GET' }, { roles: ['reader'] }))).toBe(true);
    expect(passes(ADMINS, request({ method: 'HEAD' }, { roles: ['reader'] }))).toBe(true);
  });

  it('denies a request that no rule allows', () => {
    expect(decide(ADMINS, request({ method: 'POST' }, { roles: ['reader'] }))).toMatchObject({
      reason: 'access_refused',
      detail: 'no rule allows the request',
    });
  });

  it('denies a request that some rule denies, whatever else allows it', () => {
    expect(decide(ADMINS, request({ method: 'DELETE' }, { roles: ['admin'] }))).toEqual({
      reason: 'access_refused',
      detail: 'rules[2] (nobody deletes) denies',
      metadata: { authorization_rule: 'rules[2] (nobody deletes)' },
    });
  });

  it('denies where a rule to deny fails, and tells which and why', () => {
    const told: ExpressionFailure[] = [];
    const expressionFailed = (failure: ExpressionFailure): void => void told.push(failure);
    const rules = [{ allow: 'true' }, { deny: 'claims.blocked' }];
    expect(decide(rules, request({}, { roles: [] }, { expressionFailed }))).toEqual({
      reason: 'access_refused',
      detail: 'rules[1] denies, since it fails at 1:8: there is no "blocked" in claims',
      metadata: { authorization_rule: 'rules[1]', authorization_failed: 'claims.blocked' },
    });
    expect(told).toEqual([{ expression: 'claims.blocked', message: 'at 1:8: there is no "blocked" in claims' }]);
  });

  it('allows nothing by a rule that fails; another may allow', () => {
    const rules = [{ allow: "claims.team == 'x'" }, { allow: "request.method == 'GET'" }];
    expect(passes(rules, request({ method: 'GET' }))).toBe(true);
    expect(decide(rules, request({ method: 'PUT' }))).toMatchObject({
      detail: 'no rule allows the request, and rules[0] fails at 1:8: there is no "team" in claims',
    });
  });

  it('takes no value that is not true for true', () => {
    for (const admin of ['true', 1, [true], {}, null, 'false']) {
      expect(passes([{ allow: 'claims.admin' }], request({}, { admin }))).toBe(false);
    }
    expect(passes([{ allow: 'claims.admin' }], request({}, { admin: true }))).toBe(true);
  });
});

describe('an attack on authorization', () => {
  const spellings = [
    '/admin',
    '/admin/',
    '/%61dmin',
    '/a/../admin',
    '//admin',
    '/admin;x=1',
    '/./admin',
    '/admin/x/..',
  ];

  it('by another spelling of a path gets past no rule that denies', () => {
    const rules = [{ allow: 'true' }, { deny: "request.path == '/admin'" }];
    expect(spellings.filter((path) => passes(rules, request({ path })))).toEqual([]);
  });

  it('by another spelling of a path gets past no rule that allows all but that path', () => {
    const rules = [{ allow: "request.path != '/admin'" }];
    expect(spellings.filter((path) => passes(rules, request({ path })))).toEqual([]);
  });

  it('by HEAD or a method in lower case gets past no rule about GET', () => {
    const rules = [{ allow: 'true' }, { deny: "request.method == 'GET'" }];
    expect(['GET', 'HEAD', 'get', 'Head'].filter((method) => passes(rules, request({ method })))).toEqual([]);
  });

  it('by a header that policies own finds nothing', () => {
    const forged = request({ headers: { 'x-role': 'admin' } }, undefined, { ownedHeaders: new Set(['x-role']) });
    expect(passes([{ allow: "request.headers['x-role'] == 'admin'" }], forged)).toBe(false);
    expect(passes([{ allow: "'x-role' in request.headers" }], forged)).toBe(false);
    expect(passes([{ allow: "request.headers.exists(name, name == 'x-role')" }], forged)).toBe(false);
  });

  it('by claims with names of Object finds nothing', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(passes([{ allow: `has(claims.${name})` }], request({}, {}))).toBe(false);
      expect(passes([{ allow: `'${name}' in claims` }], request({}, {}))).toBe(false);
      expect(passes([{ allow: `type(claims['${name}']) != string` }], request({}, {}))).toBe(false);
    }
  });

  it('by much that a condition goes through ends it, and is denied', () => {
    const roles = Array.from({ length: 3000 }, (_, i) => `role-${i}`);
    const rules = [{ allow: 'claims.roles.all(a, claims.roles.all(b, a != b || a == b))' }];
    expect(decide(rules, request({}, { roles }))).toMatchObject({
      detail: 'no rule allows the request, and rules[0] fails at 1:14: the expression costs too much for this request',
    });
  });

  it('by claims that are nested thousands deep is denied, and overflows nothing', () => {
    let deep: unknown = 'end';
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    for (const allow of [
      'claims.a == claims.b',
      'claims.a in [claims.b]',
      '[claims.a] == [claims.b]',
      'claims == claims',
    ]) {
      expect([allow, passes([{ allow }], request({}, { a: deep, b: [deep] }))]).toEqual([
        allow,
        allow === 'claims == claims',
      ]);
    }
  });
});

describe('what authorization refuses at load', () => {
  it.each([
    ['no rule that allows', [{ deny: 'true' }], 'rules: has no allow, so that every request is denied'],
    ['a rule with both', [{ allow: 'true', deny: 'true' }], 'rules.0: expected one of allow and deny'],
    ['a rule with neither', [{ description: 'x' }], 'rules.0: expected one of allow and deny'],
    ['a condition that is none', [{ allow: 'request.method' }], 'rules.0.allow: the expression gives a string'],
    [
      'an unknown variable',
      [{ allow: 'true' }, { deny: 'user.id == "x"' }],
      'rules.1.deny: the expression at 1:1: there is no variable "user"',
    ],
    ['a megabyte', [{ allow: `true || ${'x'.repeat(2 ** 20)}` }], 'has 1048584 characters, and may have 8192'],
    ['10,000 parentheses', [{ allow: `${'('.repeat(10_000)}true${')'.repeat(10_000)}` }], 'has 20004 characters'],
    [
      '4,000 parentheses',
      [{ allow: `${'('.repeat(4000)}true${')'.repeat(4000)}` }],
      '1:65: the expression is nested more than 64 deep',
    ],
    ['4,000 brackets', [{ allow: `${'['.repeat(4000)}${']'.repeat(4000)} == []` }], 'nested more than 64 deep'],
    ['4,000 signs', [{ allow: `${'!'.repeat(4000)}true` }], 'nested more than 64 deep'],
    ['a chain of sums', [{ allow: `${'1 + '.repeat(1000)}1 > 0` }], 'nested more than 64 deep'],
    ['a chain of fields', [{ allow: `claims${'.a'.repeat(1000)}` }], 'nested more than 64 deep'],
    [
      'lists in lists in lists',
      [{ allow: 'claims.a.all(x, x.all(y, y.all(z, z.all(w, w > 1))))' }],
      'could cost too much',
    ],
    ['a pattern of too many steps', [{ allow: "request.path.matches('(a{1,100}){1,100}')" }], 'no RE2 expression'],
  ])('%s', (_, rules, message) => {
    expect(faults(rules)[0]).toContain(message);
  });
});
