import { describe, expect, it } from 'vitest';
import { compilePattern, compileRules } from '../../src/policy/rules.ts';
import type { RuledRequest } from '../../src/policy/rules.ts';
import type { Check } from '../../src/request/check.ts';
import { checkOf } from './fixtures.ts';

function seen(check: Check, path: string, parts: Partial<RuledRequest> = {}): RuledRequest {
  return { check, path, otherPaths: [], ownedHeaders: new Set(), upstream: [], ...parts };
}

describe('a rule expression', () => {
  it('matches the whole text', () => {
    expect(compilePattern('/v1/.*')('/v1/a')).toBe(true);
    expect(compilePattern('/v1/.*')('/x/v1/a')).toBe(false);
    expect(compilePattern('/v1')('/v1/a')).toBe(false);
    expect(compilePattern('GET|POST')('POST')).toBe(true);
    expect(compilePattern('GET|POST')('GETT')).toBe(false);
    expect(compilePattern('/a|b.')('b!')).toBe(true);
  });

  it('takes a dot for every character, newlines and U+2028 too', () => {
    for (const text of ['/a\nb', '/a\u2028b', '/a\u0085b']) {
      expect(compilePattern('/a.b')(text)).toBe(true);
      expect(compilePattern('/.*')(text)).toBe(true);
    }
  });

  it('matches what is too long to be looked at, so that no policy is slipped past by length', () => {
    const longPattern = compilePattern('/(?:[a-z]{1,20}/){1,20}x');
    expect(longPattern('/a/x')).toBe(true);
    expect(longPattern('/a/y')).toBe(false);
    expect(longPattern(`/a/${'y'.repeat(8000)}`)).toBe(true);
    expect(compilePattern('/a.*b')(`/a${'y'.repeat(8000)}`)).toBe(false);
  });

  it('is refused where it would take milliseconds for a short text', () => {
    expect(() => compilePattern('(/.{0,50}){1,20}')).toThrow(/may have 1000/);
  });

  it('takes linear time where a backtracking engine would take for ever', () => {
    expect(compilePattern('(a+)+[b]')('a'.repeat(5000))).toBe(false);
  });

  it('that RE2 does not know is refused with a sentence', () => {
    expect(() => compilePattern('(?=x)')).toThrow(/"\(\?=x\)" is not an RE2 expression/);
    expect(() => compilePattern('[')).toThrow(TypeError);
    expect(() => compilePattern('(a)\\1')).toThrow(TypeError);
  });
});

describe('rules', () => {
  it('are alternatives, and each wants all it names', () => {
    const rules = compileRules([{ path: '/v1/.*', methods: 'GET' }, { headers: { 'X-Env': 'prod|test' } }]);
    expect(rules.match(seen(checkOf({ method: 'GET' }), '/v1/a'))).toBe(true);
    expect(rules.match(seen(checkOf({ method: 'POST' }), '/v1/a'))).toBe(false);
    expect(rules.match(seen(checkOf({ method: 'POST', headers: { 'x-env': 'prod' } }), '/v1/a'))).toBe(true);
    expect(rules.match(seen(checkOf({ headers: { 'x-env': 'dev' } }), '/v2'))).toBe(false);
  });

  it('for GET cover HEAD, and methods in any case', () => {
    const rules = compileRules([{ methods: 'GET' }]);
    expect(rules.match(seen(checkOf({ method: 'HEAD' }), '/'))).toBe(true);
    expect(rules.match(seen(checkOf({ method: 'get' }), '/'))).toBe(true);
    expect(rules.match(seen(checkOf({ method: 'POST' }), '/'))).toBe(false);
  });

  it('of methods and hosts may be written in any case', () => {
    expect(compileRules([{ methods: 'get|Post' }]).match(seen(checkOf({ method: 'POST' }), '/'))).toBe(true);
    expect(compileRules([{ host: 'API.example[.]com' }]).match(seen(checkOf({ host: 'api.example.com' }), '/'))).toBe(
      true,
    );
  });

  it('of methods and hosts keep the meaning of classes such as \\w, \\S and \\D', () => {
    expect(compileRules([{ methods: '\\w+' }]).match(seen(checkOf({ method: 'POST' }), '/'))).toBe(true);
    expect(compileRules([{ methods: '\\W+' }]).match(seen(checkOf({ method: 'POST' }), '/'))).toBe(false);
    expect(
      compileRules([{ host: 'api-\\D+[.]Example[.]com' }]).match(seen(checkOf({ host: 'API-x.example.com' }), '/')),
    ).toBe(true);
    expect(compileRules([{ host: 'api-\\D+' }]).match(seen(checkOf({ host: 'api-1' }), '/'))).toBe(false);
  });

  it('of a path cover the same path with a slash at its end', () => {
    const rules = compileRules([{ path: '/admin' }]);
    expect(rules.match(seen(checkOf(), '/admin/'))).toBe(true);
    expect(rules.match(seen(checkOf(), '/admin/x'))).toBe(false);
    expect(compileRules([{ path: '/admin/' }]).match(seen(checkOf(), '/admin'))).toBe(false);
  });

  it.each([
    [{ path: 'v1/.*' }, /a path starts with \//],
    [{ path: '/a%20b' }, /matched decoded/],
    [{ path: '/a//b' }, /doubled slashes/],
    [{ path: '/a;b' }, /parameters/],
    [{ host: 'a:8080' }, /without its port/],
  ])('%j could never match and is refused', (rule, message) => {
    expect(() => compileRules([rule])).toThrow(message);
  });

  it('see the host without port and in lower case', () => {
    const rules = compileRules([{ host: 'api\\.example\\.com' }]);
    expect(rules.match(seen(checkOf({ host: 'API.example.com:8080' }), '/'))).toBe(true);
    expect(rules.match(seen(checkOf({ host: 'apiXexample.com' }), '/'))).toBe(false);
  });

  it('on a header apply where any of its values matches, joined, repeated or in a list', () => {
    const rules = compileRules([{ headers: { 'x-env': 'prod' } }]);
    const sent = (value: string) => rules.match(seen(checkOf({ headers: { 'x-env': value } }), '/'));
    for (const value of ['prod', 'prod,prod', 'dev,prod', 'prod, dev', 'a, prod ,b', ',prod', 'prod ', ' prod']) {
      expect([value, sent(value)]).toEqual([value, true]);
    }
    for (const value of ['', 'dev', 'dev,test', 'prodx', 'pro,d']) expect([value, sent(value)]).toEqual([value, false]);
    // Nobody tries thousands of expressions for one request, and nobody slips past by sending thousands of values.
    expect(sent('x,'.repeat(30_000))).toBe(true);
  });

  it('see a header that policies own as earlier policies have set it, whatever its spelling', () => {
    const rules = compileRules([{ headers: { 'x-tier': 'gold' } }, { headers: { x_tier: 'silver' } }]);
    const sent = checkOf({ headers: { 'x-tier': 'gold', x_tier: 'silver' } });
    const ownedHeaders = new Set(['x-tier']);
    expect(rules.match(seen(sent, '/', { ownedHeaders }))).toBe(false);
    expect(rules.match(seen(sent, '/', { ownedHeaders, upstream: [['x.tier', 'bronze']] }))).toBe(false);
    expect(rules.match(seen(checkOf(), '/', { ownedHeaders, upstream: [['x.tier', 'gold']] }))).toBe(true);
    expect(rules.match(seen(checkOf(), '/', { ownedHeaders, upstream: [['x-tier', 'silver']] }))).toBe(true);
  });

  it('on a path apply where it matches in any reading of it', () => {
    const rules = compileRules([{ path: '/[^/]+/admin' }, { path: '/a/b' }]);
    expect(rules.match(seen(checkOf(), '/a%2Fb/admin', { otherPaths: ['/a/b/admin'] }))).toBe(true);
    expect(rules.match(seen(checkOf(), '/a%2Fb', { otherPaths: ['/a/b'] }))).toBe(true);
    expect(rules.match(seen(checkOf(), '/a%2Fc', { otherPaths: ['/a/c'] }))).toBe(false);
  });
});

describe('a rule with exemptions', () => {
  const path = (of: string, ...otherPaths: string[]) => seen(checkOf(), of, { otherPaths });
  const sent = (headers: Record<string, string>) => seen(checkOf({ headers }), '/');

  it('does not match what one of them matches', () => {
    const rules = compileRules([{ path: '/a.*', not: [{ path: '/a/open' }, { methods: 'OPTIONS' }] }]);
    expect(rules.match(path('/a/x'))).toBe(true);
    expect(rules.match(path('/a/open'))).toBe(false);
    expect(rules.match(path('/b'))).toBe(false);
    expect(rules.match(seen(checkOf({ method: 'OPTIONS' }), '/a/x'))).toBe(false);
    expect(rules.match(seen(checkOf({ method: 'HEAD' }), '/a/x'))).toBe(true);
  });

  it('exempts where every reading of the path is exempt, and no other spelling', () => {
    const rules = compileRules([{ not: [{ path: '/health' }] }]);
    expect(rules.match(path('/health'))).toBe(false);
    for (const one of [path('/health/'), path('/health', '/admin/../health'), path('/admin', '/health')]) {
      expect(rules.match(one)).toBe(true);
    }
  });

  it('exempts where every value of a header is exempt', () => {
    const rules = compileRules([{ not: [{ headers: { 'X-Zone': 'inner|core' } }] }]);
    expect(rules.match(sent({ 'x-zone': 'inner' }))).toBe(false);
    for (const value of ['inner,outer', 'outer', '', 'inner, core', Array(70).fill('inner').join(',')]) {
      expect([value, rules.match(sent({ 'x-zone': value }))]).toEqual([value, true]);
    }
    expect(rules.match(sent({}))).toBe(true);
    expect(compileRules([{ not: [{ headers: { a: 'x.*' } }] }]).match(sent({ a: 'x, xy' }))).toBe(false);
    expect(compileRules([{ not: [{ headers: { a: 'x.*' } }] }]).match(sent({ a: 'x, y' }))).toBe(true);
  });

  it('does not exempt what is too long to be looked at', () => {
    const rules = compileRules([{ not: [{ path: '/(?:[a-z]{1,20}/){1,20}x' }] }]);
    expect(rules.match(path('/a/x'))).toBe(false);
    expect(rules.match(path(`/${'a/'.repeat(4000)}x`))).toBe(true);
  });

  it('exempts by all of its conditions together', () => {
    const rules = compileRules([{ not: [{ path: '/a', methods: 'GET' }] }]);
    expect(rules.match(seen(checkOf({ method: 'GET' }), '/a'))).toBe(false);
    expect(rules.match(seen(checkOf({ method: 'POST' }), '/a'))).toBe(true);
  });
});

it('a rule on a missing header matches where it is not sent, and where it is a header that policies have not set', () => {
  const rules = compileRules([{ absentHeaders: ['X-Token'] }]);
  expect(rules.match(seen(checkOf(), '/'))).toBe(true);
  expect(rules.match(seen(checkOf({ headers: { 'x-token': '' } }), '/'))).toBe(false);
  const owned = { ownedHeaders: new Set(['x-token']) };
  expect(rules.match(seen(checkOf({ headers: { 'x-token': 'forged' } }), '/', owned))).toBe(true);
  expect(rules.match(seen(checkOf(), '/', { ...owned, upstream: [['x-token', 'a']] }))).toBe(false);
  expect(rules.headers).toEqual([{ rule: 0, name: 'x-token', canonical: 'x-token' }]);
});
