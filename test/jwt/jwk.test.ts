import { generateKeyPairSync } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keyFromJwk, keysFromSet } from '../../src/jwt/jwk.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
const oct = { kty: 'oct', k: Buffer.alloc(64, 7).toString('base64url') };

describe('a published key', () => {
  test.each([
    ['RSA', rsa, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['EC', ec, ['ES384']],
    ['RSA narrowed by its alg', { ...rsa, alg: 'PS384' }, ['PS384']],
    ['one for signatures', { ...ec, use: 'sig', key_ops: ['verify'] }, ['ES384']],
  ])('%s verifies the algorithms of its type', (_what, jwk, algorithms) => {
    const key = keyFromJwk(jwk, 'public');
    if (typeof key === 'string') throw new Error(key);
    expect([...key.algorithms]).toEqual(algorithms);
    expect(() => key.for('HS256')).toThrow(TypeError);
  });

  test.each<[string, unknown, RegExp]>([
    ['a weak RSA key', weak, /1024 bits/],
    ['an RSA key with exponent 1', { ...rsa, e: 'AQ' }, /exponent 1 is not safe/],
    ['a private key', { ...rsa, d: rsa.n }, /private key/],
    ['a shared secret', oct, /shared secret/],
    ['a key for encryption', { ...rsa, use: 'enc' }, /"use"/],
    ['a key that only signs', { ...rsa, key_ops: ['sign'] }, /"key_ops"/],
    ['an algorithm that does not fit', { ...rsa, alg: 'ES256' }, /"alg"/],
    ['alg none', { ...rsa, alg: 'none' }, /"alg"/],
    ['a kid that is not a string', { ...rsa, kid: 7 }, /"kid"/],
    ['a point that is not on its curve', { ...ec, y: ec.x }, /malformed EC key/],
    ['an unknown type', { kty: 'XYZ' }, /"kty" is not supported/],
    ['a certificate alone', { kty: 'RSA', x5c: ['MIIB'] }, /malformed RSA key/],
    ['nonsense', 'key', /not an object/],
    ['null', null, /not an object/],
  ])('is left out: %s', (_what, jwk, reason) => {
    expect(keyFromJwk(jwk, 'public')).toMatch(reason);
  });

  test('has the same fingerprint whatever stands beside its public members', () => {
    const fingerprint = (jwk: JsonWebKey): string => {
      const key = keyFromJwk(jwk, 'public');
      return typeof key === 'string' ? key : key.fingerprint;
    };
    expect(fingerprint({ ...rsa, x5c: ['MIIB'], 'x-note': 1 })).toBe(fingerprint(rsa));
    expect(fingerprint({ ...rsa, kid: 'a' })).not.toBe(fingerprint(rsa));
    expect(fingerprint({ ...rsa, alg: 'RS256' })).not.toBe(fingerprint(rsa));
  });
});

describe('a JWK set', () => {
  test('keeps what is usable and tells what it left out', () => {
    const { keys, ignored } = keysFromSet({ keys: [weak, { ...ec, kid: 'a' }, null] }, 'public');
    expect(keys.map(({ kid }) => kid)).toEqual(['a']);
    expect(ignored).toEqual([
      'key 1 is left out: it is an RSA key of 1024 bits; at least 2048 are needed (RFC 7518, 3.3)',
      'key 3 is left out: it is not an object',
    ]);
  });

  test.each([[{}], [{ keys: {} }], [[]], [null], ['keys'], [{ keys: [] }], [{ keys: [weak] }]])(
    'without usable keys is refused: %j',
    (set) => {
      expect(() => keysFromSet(set, 'public')).toThrow(TypeError);
    },
  );
});
