import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { oneIssuer } from '../../src/jwt/issuers.ts';
import { fixedKeys } from '../../src/jwt/key-source.ts';
import { keyFromJwk, keysFromSet } from '../../src/jwt/jwk.ts';
import { keysFromText } from '../../src/jwt/text-key.ts';
import { TokenMemory } from '../../src/jwt/token-memory.ts';
import { Verifier } from '../../src/jwt/verifier.ts';
import { answering, JwksServer, signed, signingKey } from './issuer.ts';
import { ManualTime } from './manual-time.ts';
import { bounds } from './policy.ts';
import { NEED, WatchedKeySets } from './watched-key-sets.ts';

const key = await signingKey('RS256', 'k1');
const rules = {
  issuers: [],
  audience: undefined,
  expiryMandatory: false,
  notBeforeMandatory: false,
  toleranceMs: 0,
  custom: [],
};

function verifierThat(senderConstraint: 'refuse' | 'ignore' = 'refuse') {
  return new Verifier({
    issuers: oneIssuer({
      algorithms: ['RS256'],
      keys: fixedKeys(keysFromText(JSON.stringify(key.jwk), ['RS256'])),
      rules,
    }),
    clock: new ManualTime(),
    memory: new TokenMemory(100_000),
    ...bounds(senderConstraint),
    derive: () => 0,
  });
}

const verdictOf = async (token: string, senderConstraint: 'refuse' | 'ignore' = 'refuse') =>
  verifierThat(senderConstraint).verify(token, Infinity);

/** Signs a header of any bytes, as an issuer with a library of its own might. */
async function signedBytes(header: string | Buffer, payload: string | Buffer = '{"sub":"a"}'): Promise<string> {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`;
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const HEADER = '{"alg":"RS256","kid":"k1"}';

describe('of a token', () => {
  test('null members of the header are as good as none', async () => {
    for (const header of [
      '{"alg":"RS256","kid":null}',
      '{"alg":"RS256","typ":null,"cty":null,"x5c":null,"jwk":null}',
    ]) {
      expect(await verdictOf(await signedBytes(header))).toHaveProperty('claims');
    }
    expect(await verdictOf(await signedBytes('{"alg":null}'))).toHaveProperty('reason', 'token_invalid');
    expect(await verdictOf(await signedBytes('{"alg":"RS256","crit":null}'))).toHaveProperty('reason', 'token_invalid');
  });

  test('a byte-order mark is refused, though the signature is right', async () => {
    expect(await verdictOf(await signedBytes(HEADER))).toHaveProperty('claims');
    const inHeader = await signedBytes(Buffer.concat([BOM, Buffer.from(HEADER)]));
    expect(await verdictOf(inHeader)).toMatchObject({
      reason: 'token_invalid',
      detail: expect.stringMatching(/header/),
    });
    const inPayload = await signedBytes(HEADER, Buffer.concat([BOM, Buffer.from('{}')]));
    expect(await verdictOf(inPayload)).toMatchObject({
      reason: 'token_invalid',
      detail: expect.stringMatching(/payload/),
    });
  });

  test('bytes that are no UTF-8 are refused in the header too', async () => {
    const bad = await signedBytes(Buffer.from('{"alg":"RS256","x":"\xff"}', 'latin1'));
    expect(await verdictOf(bad)).toHaveProperty('reason', 'token_invalid');
  });

  test.each([0, 1, 2])('part %i has one spelling: the others are refused', async (part) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // An RSA signature has 256 bytes: its last character holds two bits of four that count.
    const token = await signedBytes(HEADER, '{"sub":"abc"}');
    const parts = token.split('.');
    const text = parts[part] ?? '';
    expect(text.length % 4).not.toBe(0);
    const bytes = Buffer.from(text, 'base64url');
    const spellings = Array.from(alphabet, (last) => text.slice(0, -1) + last).filter(
      (spelling) => spelling !== text && Buffer.from(spelling, 'base64url').equals(bytes),
    );
    expect(spellings.length).toBeGreaterThan(2);
    const verifier = verifierThat();
    expect(await verifier.verify(token, Infinity)).toHaveProperty('claims');
    for (const spelling of [...spellings, `${text}=`]) {
      const other = parts.with(part, spelling).join('.');
      expect(await verifier.verify(other, Infinity)).toMatchObject({
        reason: 'token_invalid',
        detail: expect.stringMatching(/compact form/),
      });
    }
  });
});

describe('a token that needs a proof beside it', () => {
  const TYPES = [
    'dpop+jwt',
    'DPoP+JWT',
    'application/dpop+jwt',
    'logout+jwt',
    'application/Logout+jwt',
    'kb+jwt',
    'logout+jwt; v=1',
    'application/dpop+jwt;v="1"',
  ];

  test.each(TYPES)('is refused by its typ %s, unless told otherwise', async (typ) => {
    const token = await signed(key, {}, { typ });
    expect(await verdictOf(token)).toMatchObject({
      reason: 'token_invalid',
      detail: expect.stringMatching(/typ.*senderConstraint/),
    });
    expect(await verdictOf(token, 'ignore')).toHaveProperty('claims');
  });

  test.each([{ jkt: 'a' }, { 'x5t#S256': 'a' }, { jwk: key.jwk }, {}, 'a', [], false])(
    'is refused by its cnf %j, unless told otherwise',
    async (cnf) => {
      const token = await signed(key, { cnf });
      expect(await verdictOf(token)).toMatchObject({
        reason: 'token_invalid',
        detail: expect.stringMatching(/cnf.*senderConstraint/),
      });
      expect(await verdictOf(token, 'ignore')).toHaveProperty('claims');
    },
  );

  test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'JOSE', ''])('is none by the typ %j', async (typ) => {
    expect(await verdictOf(await signed(key, { cnf: null }, { typ }))).toHaveProperty('claims');
  });

  test('is refused where its typ is not a text', async () => {
    expect(await verdictOf(await signedBytes('{"alg":"RS256","typ":7}'))).toHaveProperty('reason', 'token_invalid');
  });
});

describe('of a published set', () => {
  test('null members of a key are as good as none', () => {
    const jwk = { ...key.jwk, kid: null, use: null, alg: null, key_ops: null, x5c: null, x5t: null, d: null };
    const read = keyFromJwk(jwk, 'public');
    expect(read).toMatchObject({ kid: undefined });
    expect(keyFromJwk({ ...key.jwk, d: 'AQAB' }, 'public')).toMatch(/private/);
  });

  test('a byte-order mark before it is passed over', async () => {
    const text = JSON.stringify({ keys: [key.jwk] });
    await using server = new JwksServer(answering(200, `\uFEFF${text}`));
    await server.listen();
    using watched = new WatchedKeySets();
    const { set } = watched.sets.hold(server.url, NEED);
    await set.firstLoad();
    expect(set.keysFor('RS256', 'k1')).toHaveLength(1);
    server.answer = answering(200, `\uFEFF\uFEFF${text}`);
    await set.refetch();
    expect(watched.outcomes).toEqual(['success', 'malformed']);
  });

  test('the first hundred keys are read, and the others told in one sentence', () => {
    const many = Array.from({ length: 4829 }, (_, n) => ({ ...key.jwk, kid: `k${n}` }));
    const { keys, ignored } = keysFromSet({ keys: many }, 'public');
    expect(keys).toHaveLength(100);
    expect(ignored).toEqual(['4729 keys are left out: of a set the first 100 count']);
  });
});

test('jose agrees on what a usual token is', async () => {
  const token = await new CompactSign(Buffer.from('{"sub":"a"}'))
    .setProtectedHeader({ alg: 'RS256' })
    .sign(key.privateKey);
  expect(await verdictOf(token)).toHaveProperty('claims');
});
