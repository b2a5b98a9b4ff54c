import { describe, expect, test } from 'vitest';
import { claimHeaders } from '../../src/jwt/claim-headers.ts';
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
  const header = (value: unknown): unknown => claimHeaders({ c: value }, [{ claim: 'c', header: 'x-c' }]);
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
});
