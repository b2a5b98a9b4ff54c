import { describe, expect, test } from 'vitest';
import type { ClaimEncoding } from '../../src/jwt/claim-encoding.ts';
import { claimHeaders } from '../../src/jwt/claim-headers.ts';
import { parseClaimPath } from '../../src/jwt/claim-path.ts';
import { faultOfClaims } from '../../src/jwt/claims.ts';
import type { ClaimRules } from '../../src/jwt/claims.ts';

const NONE: ClaimRules = {
  issuers: [],
  audience: undefined,
  expiryMandatory: false,
  notBeforeMandatory: false,
  toleranceMs: 0,
  custom: [],
};

describe('the issuer', () => {
  test.each<[string, unknown, boolean]>([
    ['one of ours', 'https://a', true],
    ['another', 'https://c', false],
    ['ours with a slash', 'https://a/', false],
    ['in another case', 'HTTPS://A', false],
    ['missing', undefined, false],
    ['a list', ['https://a'], false],
  ])('%s', (_what, iss, accepted) => {
    const fault = faultOfClaims(iss === undefined ? {} : { iss }, { ...NONE, issuers: ['https://a', 'https://b'] });
    expect(fault === undefined).toBe(accepted);
  });

  test('may be any or none where none is named', () => {
    expect(faultOfClaims({ iss: 7 }, NONE)).toBeUndefined();
  });
});

describe('the audience', () => {
  const audience = { anyOf: ['a', 'b'], mandatory: false };
  test.each<[unknown, boolean]>([
    ['a', true],
    [['c', 'b'], true],
    ['c', false],
    [['c'], false],
    [[], false],
    ['', false],
    [['a', 7], false],
    [null, false],
    [{ a: true }, false],
  ])('%j is accepted: %s', (aud, accepted) => {
    expect(faultOfClaims({ aud }, { ...NONE, audience }) === undefined).toBe(accepted);
  });

  test('may be missing unless it is mandatory', () => {
    expect(faultOfClaims({}, { ...NONE, audience })).toBeUndefined();
    expect(faultOfClaims({}, { ...NONE, audience: { ...audience, mandatory: true } })).toBe('the token has no aud');
  });
});

describe('a custom claim', () => {
  const rules = (key: string, mandatory: boolean): ClaimRules => ({
    ...NONE,
    custom: [{ key, anyOf: ['admin', 7, true], mandatory }],
  });
  test.each<[unknown, boolean]>([
    ['admin', true],
    [7, true],
    [true, true],
    [['guest', 'admin'], true],
    ['7', false],
    ['true', false],
    [['guest'], false],
    [[], false],
    [null, false],
    [{ admin: 'admin' }, false],
  ])('%j matches: %s', (role, accepted) => {
    for (const mandatory of [true, false]) {
      expect(faultOfClaims({ role }, rules('role', mandatory)) === undefined).toBe(accepted);
    }
  });

  test('may be missing unless it is mandatory, whatever its name', () => {
    for (const name of ['role', '__proto__', 'constructor', 'toString']) {
      expect(faultOfClaims({}, rules(name, false))).toBeUndefined();
      expect(faultOfClaims({}, rules(name, true))).toBe(`the token has no claim "${name}"`);
    }
    const claims = JSON.parse('{"__proto__":"admin"}') as Record<string, unknown>;
    expect(faultOfClaims(claims, rules('__proto__', true))).toBeUndefined();
  });

  test('is told in no fault with the value of the token', () => {
    expect(faultOfClaims({ role: 'sensitive' }, rules('role', true))).not.toContain('sensitive');
  });
});

describe('a claim as a header', () => {
  const header = (value: unknown, encoding: ClaimEncoding = 'text'): unknown => {
    const wanted = { path: ['c'], label: '"c"', isPath: false, header: 'x-c', encoding };
    const told = claimHeaders({ c: value }, [wanted]);
    return typeof told === 'string' ? told : told.headers;
  };
  test.each<[unknown, string]>([
    ['text', 'text'],
    ['Jürgen, Groß', 'Jürgen, Groß'],
    [7.5, '7.5'],
    [false, 'false'],
    [['a', 2, true], 'a,2,true'],
  ])('%j becomes %s', (value, text) => {
    expect(header(value)).toEqual([['x-c', text]]);
  });

  test.each([[undefined], [null], [''], [[]]])('%j sets none', (value) => {
    expect(header(value)).toEqual([]);
  });

  test.each([
    ['a\nb'],
    ['a\r\nx-admin: 1'],
    ['a\u0000'],
    ['\u007F'],
    ['a\u0085b'],
    ['a\u2028b'],
    ['\uD800'],
    [' a'],
    ['a\t'],
    [{ a: 1 }],
    [[{ a: 1 }]],
    [[['a']]],
    [['a,b', 'c']],
    [['']],
    [2 ** 53],
    [Infinity],
  ])('%j is a fault', (value) => {
    expect(header(value)).toMatch(/^the claim "c" can't become a header: /);
  });

  test.each<[ClaimEncoding, unknown, string]>([
    ['percent', 'Jürgen, Groß', 'J%C3%BCrgen%2C%20Gro%C3%9F'],
    ['percent', 'a\r\nx-admin: 1', 'a%0D%0Ax-admin%3A%201'],
    ['percent', ['a,b', 'c'], 'a%2Cb,c'],
    ['percent', 7, '7'],
    ['base64url', ' \u0000ÿ', 'IADDvw'],
    ['base64url', ['a,b', true], 'YSxi,dHJ1ZQ'],
    ['json', { roles: ['a"b', 'ü\u2028\n'] }, String.raw`{"roles":["a\"b","\u00fc\u2028\n"]}`],
    ['json', '\uD83D\uDE00\u007F', String.raw`"\ud83d\ude00\u007f"`],
    ['json', '\uD800', String.raw`"\ud800"`],
    ['json', '', '""'],
    ['json', [], '[]'],
    ['json', false, 'false'],
  ])('by %s, %j becomes %s, from which it can be read again', (encoding, value, text) => {
    expect(header(value, encoding)).toEqual([['x-c', text]]);
    if (encoding === 'json') expect(JSON.parse(text)).toEqual(value);
  });

  test.each<[ClaimEncoding, unknown]>([
    ['percent', { a: 1 }],
    ['percent', '\uD800'],
    ['percent', ['']],
    ['base64url', [['a']]],
    ['base64url', ['\uD800']],
    ['json', { a: [2 ** 53] }],
  ])('by %s, %j is a fault', (encoding, value) => {
    expect(header(value, encoding)).toMatch(/^the claim "c" can't become a header: /);
  });

  test('by json, 5000 lists in one another are a fault', () => {
    expect(header(JSON.parse('['.repeat(5000) + ']'.repeat(5000)), 'json')).toMatch(/nested deeper than 32$/);
  });

  test('is found at a path, by own members of objects alone; a path that leads nowhere is told', () => {
    const at = (claims: Record<string, unknown>, path: readonly string[]): unknown =>
      claimHeaders(claims, [{ path, label: path.join('/'), isPath: true, header: 'x-c', encoding: 'text' }]);
    const claims = { realm_access: { roles: ['a', 'b'] }, 'a.b': { c: 1 }, list: [{ x: 1 }], text: 'abc' };
    expect(at(claims, ['realm_access', 'roles'])).toEqual({ headers: [['x-c', 'a,b']], unfound: [] });
    expect(at(claims, ['a.b', 'c'])).toEqual({ headers: [['x-c', '1']], unfound: [] });
    for (const path of [
      ['realm_access', 'x'],
      ['a', 'b', 'c'],
      ['list', '0', 'x'],
      ['list', 'length'],
      ['text', 'length'],
      ['constructor', 'name'],
      ['realm_access', '__proto__'],
    ]) {
      expect(at(claims, path)).toEqual({ headers: [], unfound: [path.join('/')] });
    }
  });
});

test.each<[string, unknown]>([
  ['realm_access.roles', ['realm_access', 'roles']],
  [String.raw`https://example\.com/team.name`, ['https://example.com/team', 'name']],
  [String.raw`a\\.b`, ['a\\', 'b']],
  ['sub', ['sub']],
  ['a..b', expect.stringMatching(/empty name/)],
  ['.a', expect.stringMatching(/empty name/)],
  ['a.', expect.stringMatching(/empty name/)],
  [String.raw`a\b`, expect.stringMatching(/backslash/)],
  ['a\\', expect.stringMatching(/backslash/)],
  [Array(17).fill('a').join('.'), expect.stringMatching(/deeper than 16/)],
])('the path %s', (text, expected) => {
  expect(parseClaimPath(text)).toEqual(expected);
});
