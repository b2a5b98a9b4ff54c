import { beforeEach, describe, expect, test } from 'vitest';
import { oneIssuer } from '../../src/jwt/issuers.ts';
import { fixedKeys } from '../../src/jwt/key-source.ts';
import type { ClaimRules } from '../../src/jwt/claims.ts';
import { keysFromText } from '../../src/jwt/text-key.ts';
import { TokenMemory } from '../../src/jwt/token-memory.ts';
import { Verifier } from '../../src/jwt/verifier.ts';
import { signed, signingKey } from './issuer.ts';
import { ManualTime } from './manual-time.ts';
import { bounds } from './policy.ts';

const key = await signingKey('ES256', 'k1');
const strict: ClaimRules = {
  issuers: [],
  audience: undefined,
  expiryMandatory: true,
  notBeforeMandatory: false,
  toleranceMs: 0,
  custom: [],
};
let time: ManualTime;
beforeEach(() => {
  time = new ManualTime();
});

function verifierBy(rules: Partial<ClaimRules> = {}, memory = new TokenMemory(1_000_000)) {
  const keys = keysFromText(JSON.stringify(key.jwk), ['ES256']);
  const all = { ...strict, ...rules };
  const verifier = new Verifier({
    issuers: oneIssuer({ algorithms: ['ES256'], keys: fixedKeys(keys), rules: all }),
    clock: time,
    memory,
    ...bounds(),
    derive: () => 0,
  });
  return { verifier, keys };
}

const seconds = (): number => time.now() / 1000;

describe.each([
  ['verified anew', false],
  ['verified before', true],
])('a token that is %s', (_what, before) => {
  async function resultAt(claims: Record<string, unknown>, atMs: number, rules: Partial<ClaimRules> = {}) {
    const { verifier } = verifierBy(rules);
    const token = await signed(key, claims);
    if (before) {
      const start = time.wallMs;
      time.wallMs = Number(claims['nbf'] ?? start / 1000) * 1000;
      expect(await verifier.verify(token, Infinity)).toHaveProperty('claims');
      time.wallMs = start;
    }
    time.wallMs += atMs;
    const result = verifier.verify(token, Infinity);
    if (before) expect(result).not.toBeInstanceOf(Promise);
    return 'claims' in (await result);
  }

  test('counts until the millisecond before exp, and not at exp', async () => {
    const exp = seconds() + 60;
    expect(await resultAt({ exp }, 59_999)).toBe(true);
    time = new ManualTime();
    expect(await resultAt({ exp }, 60_000)).toBe(false);
  });

  test('counts longer by the leeway, and no millisecond more', async () => {
    const exp = seconds() + 60;
    expect(await resultAt({ exp }, 64_999, { toleranceMs: 5000 })).toBe(true);
    time = new ManualTime();
    expect(await resultAt({ exp }, 65_000, { toleranceMs: 5000 })).toBe(false);
  });

  test('may expire at a fraction of a second', async () => {
    const exp = seconds() + 60.5;
    expect(await resultAt({ exp }, 60_499)).toBe(true);
    time = new ManualTime();
    expect(await resultAt({ exp }, 60_500)).toBe(false);
  });

  test('counts from nbf on, also where the clock was set back', async () => {
    const claims = { exp: seconds() + 600, nbf: seconds() + 60 };
    expect(await resultAt(claims, 59_999)).toBe(false);
    time = new ManualTime();
    expect(await resultAt(claims, 60_000)).toBe(true);
    time = new ManualTime();
    expect(await resultAt(claims, 55_000, { toleranceMs: 5000 })).toBe(true);
  });
});

describe('exp and nbf', () => {
  const verdict = async (payload: string, rules: Partial<ClaimRules> = {}): Promise<unknown> => {
    const { CompactSign } = await import('jose');
    const signing = new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: 'ES256', kid: 'k1' });
    return verifierBy(rules).verifier.verify(await signing.sign(key.privateKey), Infinity);
  };

  test.each(['"9999999999"', 'null', '1e999', '-1e999', '{}', '[9999999999]', 'true'])(
    'are no dates: %s',
    async (value) => {
      expect(await verdict(`{"exp":${value}}`)).toHaveProperty('reason', 'token_invalid');
      expect(await verdict(`{"exp":9999999999,"nbf":${value}}`)).toHaveProperty('reason', 'token_invalid');
    },
  );

  test('are looked at where they are there, even if they may be missing', async () => {
    expect(await verdict('{}')).toHaveProperty('detail', 'the token has no exp');
    expect(await verdict('{}', { expiryMandatory: false })).toHaveProperty('claims');
    expect(await verdict('{"exp":1}', { expiryMandatory: false })).toHaveProperty('detail', 'the token has expired');
    expect(await verdict('{"exp":9999999999}', { notBeforeMandatory: true })).toHaveProperty(
      'detail',
      'the token has no nbf',
    );
  });
});

describe('what was verified', () => {
  test('is verified anew once its key is retired', async () => {
    const { verifier, keys } = verifierBy();
    const token = await signed(key, { exp: seconds() + 60 });
    await verifier.verify(token, Infinity);
    expect(verifier.verify(token, Infinity)).not.toBeInstanceOf(Promise);
    for (const used of keys) used.retire();
    expect(await verifier.verify(token, Infinity)).toHaveProperty('reason', 'token_invalid');
  });

  test('by one verifier is unknown to another, though they share memory', async () => {
    const memory = new TokenMemory(1_000_000);
    const token = await signed(key, { exp: seconds() + 60, aud: 'a' });
    const one = verifierBy({ audience: { anyOf: ['a'], mandatory: true } }, memory).verifier;
    const other = verifierBy({ audience: { anyOf: ['b'], mandatory: true } }, memory).verifier;
    expect(await one.verify(token, Infinity)).toHaveProperty('claims');
    expect(await other.verify(token, Infinity)).toHaveProperty('detail', 'the token is for another audience');
    expect(one.verify(token, Infinity)).toHaveProperty('claims');
    expect(await other.verify(token, Infinity)).toHaveProperty('reason', 'token_invalid');
  });

  test('is forgotten when the verifier closes', async () => {
    const memory = new TokenMemory(1_000_000);
    const { verifier } = verifierBy({}, memory);
    await verifier.verify(await signed(key, { exp: seconds() + 60 }), Infinity);
    expect(memory.bytes).toBeGreaterThan(0);
    verifier.close();
    expect(memory.bytes).toBe(0);
  });

  test('is kept only where it was accepted', async () => {
    const memory = new TokenMemory(1_000_000);
    const { verifier } = verifierBy({}, memory);
    await verifier.verify(await signed(key, { exp: 1 }), Infinity);
    await verifier.verify('a.b.c', Infinity);
    expect(memory.bytes).toBe(0);
  });
});
