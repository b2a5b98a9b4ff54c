import { createHmac, createSecretKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { exportSPKI, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Algorithm } from '../../src/jwt/algorithms.ts';
import type { Claims } from '../../src/jwt/claims.ts';
import { oneIssuer } from '../../src/jwt/issuers.ts';
import { fixedKeys } from '../../src/jwt/key-source.ts';
import { keysFromText } from '../../src/jwt/text-key.ts';
import { TokenMemory } from '../../src/jwt/token-memory.ts';
import { Verifier } from '../../src/jwt/verifier.ts';
import { signed, signingKey } from './issuer.ts';
import type { SigningKey } from './issuer.ts';
import { ManualTime } from './manual-time.ts';
import { bounds } from './policy.ts';

const time = new ManualTime();
const SECRET = 'k'.repeat(64);
const ANY = {
  issuers: [],
  audience: undefined,
  expiryMandatory: false,
  notBeforeMandatory: false,
  toleranceMs: 0,
  custom: [],
};
let key: SigningKey;

beforeAll(async () => {
  key = await signingKey('RS256', 'k1');
});

function verifierOf(
  text: string,
  algorithms: readonly Algorithm[],
  rules: Partial<typeof ANY> = {},
  senderConstraint: 'refuse' | 'ignore' = 'refuse',
) {
  return new Verifier<Claims>({
    issuers: oneIssuer({ algorithms, keys: fixedKeys(keysFromText(text, algorithms)), rules: { ...ANY, ...rules } }),
    clock: time,
    memory: new TokenMemory(1_000_000),
    ...bounds(senderConstraint),
    derive: (claims) => claims,
  });
}

const setOf = (...keys: readonly SigningKey[]): string => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const invalid = (detail: RegExp): unknown => ({ reason: 'token_invalid', detail: expect.stringMatching(detail) });

describe('a token is accepted', () => {
  test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const)(
    'signed with %s, anew and then at once',
    async (alg) => {
      const own = await signingKey(alg, 'a');
      const verifier = verifierOf(setOf(own), [alg]);
      const token = await signed(own, { sub: alg });
      const first = verifier.verify(token, Infinity);
      expect(first).toBeInstanceOf(Promise);
      expect(await first).toMatchObject({ claims: { sub: alg } });
      expect(verifier.verify(token, Infinity)).toMatchObject({ claims: { sub: alg } });
    },
  );

  test.each(['HS256', 'HS384', 'HS512'] as const)('signed with %s', async (alg) => {
    const token = await new SignJWT({ sub: 'a' }).setProtectedHeader({ alg }).sign(Buffer.from(SECRET));
    expect(await verifierOf(SECRET, [alg]).verify(token, Infinity)).toMatchObject({ claims: { sub: 'a' } });
  });

  test('whatever kid it has, where the key has none', async () => {
    const verifier = verifierOf(await exportSPKI(key.publicKey), ['RS256']);
    expect(await verifier.verify(await signed(key, {}, { kid: '../../etc/passwd' }), Infinity)).toHaveProperty(
      'claims',
    );
  });
});

describe('a token is refused', () => {
  const refused = async (token: string, algorithms: readonly Algorithm[] = ['RS256']): Promise<unknown> =>
    verifierOf(setOf(key), algorithms).verify(token, Infinity);

  test('where its algorithm is not allowed, though the key fits', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const text = other.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const strong = await new SignJWT({}).setProtectedHeader({ alg: 'RS512' }).sign(other.privateKey);
    expect(await verifierOf(text, ['RS256']).verify(strong, Infinity)).toEqual(invalid(/not allowed/));
    expect(await verifierOf(text, ['RS512']).verify(strong, Infinity)).toHaveProperty('claims');
  });

  test('where it is unsigned', async () => {
    for (const alg of ['none', 'NONE', '', 'nOnE']) {
      expect(await refused(`${encode({ alg })}.${encode({ sub: 'a' })}.AA`)).toEqual(invalid(/not allowed/));
      expect(await refused(`${encode({ alg })}.${encode({ sub: 'a' })}.`)).toEqual(invalid(/compact form/));
    }
  });

  test('where the public key was used as the secret of an HMAC', async () => {
    const pem = await exportSPKI(key.publicKey);
    const input = `${encode({ alg: 'HS256', kid: 'k1' })}.${encode({ sub: 'a' })}`;
    for (const secret of [pem, pem.trim(), setOf(key), JSON.stringify(key.jwk)]) {
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await refused(token)).toEqual(invalid(/not allowed/));
      const both = fixedKeys(keysFromText(setOf(key), ['RS256']));
      const lax = new Verifier({
        issuers: oneIssuer({ algorithms: ['RS256', 'HS256'], keys: both, rules: ANY }),
        clock: time,
        memory: new TokenMemory(0),
        ...bounds(),
        derive: () => 0,
      });
      expect(await lax.verify(token, Infinity)).toEqual(invalid(/no key fits/));
    }
  });

  test('where its header holds crit, whatever the extension', async () => {
    for (const extra of [{ crit: ['b64'], b64: true }, { crit: ['exp'], exp: 1 }, { crit: [] }, { crit: null }]) {
      const header = { alg: 'RS256', kid: 'k1', ...extra };
      expect(await refused(`${encode(header)}.${encode({})}.AAAA`)).toEqual(invalid(/crit/));
    }
  });

  test('where it brings its own key', async () => {
    const attacker = await signingKey('RS256', 'k1');
    const jku = 'http://127.0.0.1:1/jwks.json';
    for (const header of [
      { jwk: attacker.jwk },
      { jku },
      { x5u: jku },
      { x5c: [await exportSPKI(attacker.publicKey)] },
    ]) {
      const token = await signed(attacker, { sub: 'a' }, header);
      expect(await refused(token)).toEqual(invalid(/signature of the token is wrong/));
    }
  });

  test('where it is signed by nobody we know', async () => {
    const stranger = await signingKey('RS256', 'k2');
    expect(await refused(await signed(stranger, {}))).toEqual(invalid(/no key fits/));
    for (const kid of ['../../../dev/null', '__proto__', 'constructor', "k1' OR '1'='1", '']) {
      expect(await refused(await signed(stranger, {}, { kid }))).toEqual(invalid(/no key fits/));
    }
    const token = `${encode({ alg: 'RS256', kid: 1 })}.${encode({})}.AAAA`;
    expect(await refused(token)).toEqual(invalid(/kid of the token is not a string/));
  });

  test('where it is no compact JWS', async () => {
    const token = await signed(key, {});
    const [header = '', payload = '', signature = ''] = token.split('.');
    const shapes = [
      '',
      '.',
      '..',
      '.....',
      `${token}.`,
      `${token}.a.b`,
      `a.${token}`,
      ` ${token}`,
      `${token}=`,
      `${token}\n`,
    ];
    for (const shape of [
      ...shapes,
      `${header}..${signature}`,
      `${header} .${payload}.${signature}`,
      '\uD800',
      'é.é.é',
    ]) {
      expect(await refused(shape)).toEqual(invalid(/compact form/));
    }
    for (const wrong of ['AAAA', encode([]), encode('x'), encode(null), 'e30']) {
      expect(await refused(`${wrong}.${payload}.${signature}`)).toEqual(invalid(/header|not allowed/));
    }
  });

  test('at once where it is longer than 16 KiB', () => {
    expect(verifierOf(setOf(key), ['RS256']).verify('a'.repeat(1024 * 1024), Infinity)).toEqual(invalid(/longer/));
  });

  test('where its payload is no JSON object in UTF-8', async () => {
    const { CompactSign } = await import('jose');
    for (const payload of ['', '[]', '"a"', 'null', '{', '{"a":"\xFF"}', '1']) {
      const bytes = Buffer.from(payload, 'latin1');
      const signing = new CompactSign(bytes).setProtectedHeader({ alg: 'RS256', kid: 'k1' });
      expect(await refused(await signing.sign(key.privateKey))).toEqual(invalid(/JSON object|compact form/));
    }
  });

  test('where any character of it was changed', async () => {
    const token = await signed(key, { sub: 'alice', admin: false });
    const verifier = verifierOf(setOf(key), ['RS256']);
    const place = fc.nat({ max: token.length - 2 });
    const character = fc.constantFrom(
      ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \u0000é'),
    );
    await fc.assert(
      fc.asyncProperty(place, character, async (at, other) => {
        fc.pre(token[at] !== other);
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        expect(await verifier.verify(changed, Infinity)).toHaveProperty('reason', 'token_invalid');
      }),
      { numRuns: 300 },
    );
  });

  test('without a word of the token in the detail', async () => {
    const stranger = await signingKey('RS256', 'sensitive-kid');
    const tokens = [await signed(stranger, { sub: 'sensitive-sub' }), `${encode({ alg: 'sensitive-alg' })}.e30.AA`];
    for (const token of tokens) {
      const { detail } = (await refused(token)) as { detail: string };
      expect(detail).not.toMatch(/sensitive/);
      for (const part of token.split('.').filter((text) => text.length > 8)) expect(detail).not.toContain(part);
    }
  });
});

describe('many keys without kid', () => {
  test('are tried no more than eight times', async () => {
    const secrets = Array.from({ length: 12 }, (_, index) => String(index % 10).repeat(40) + String(index));
    const keys = secrets.map((secret) => ({ kty: 'oct', k: Buffer.from(secret).toString('base64url') }));
    const verifier = verifierOf(JSON.stringify({ keys }), ['HS256']);
    const sign = (secret: string): Promise<string> =>
      new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(createSecretKey(Buffer.from(secret)));
    expect(await verifier.verify(await sign(secrets[7] ?? ''), Infinity)).toHaveProperty('claims');
    expect(await verifier.verify(await sign(secrets[8] ?? ''), Infinity)).toEqual(invalid(/signature/));
  });
});
