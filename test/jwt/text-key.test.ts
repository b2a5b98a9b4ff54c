import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keysFromText } from '../../src/jwt/text-key.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const base64Of = (pem: string): string => pem.replaceAll(/-----[A-Z ]+-----/g, '').trim();
const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const privatePkcs1 = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const SECRET = 'correct horse battery staple, 32+ bytes';

/** Self-signed, of a key that nobody has any more. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgIUTA3/gP6tChfhOXZW/ZbJOdfohUswCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGaXNzdWVyMB4XDTI2MTEyMTA5NDQ0MFoXDTI2MTEyMjA5NDQ0
MFowETEPMA0GA1UEAwwGaXNzdWVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
JSePGsg6s3/SVbO8bLvPH1OS2vKXmbSpIepE88YQ8a8x3TdCc5GPw+2gxCyHbiBI
PXvWfw10vduUywIR+w4jVqNTMFEwHQYDVR0OBBYEFKi1+DDfaR82kME1N2wqNJ4p
5T0LMB8GA1UdIwQYMBaAFKi1+DDfaR82kME1N2wqNJ4p5T0LMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgfZB1ejCAwyN53vt06VUtJOZPzakoZ1pP
2B9ymrZKHOsCIQCwwuIFStzOKGDQfKL9tJ/b9+lIP0aKhtW/bSmqc+aJEg==
-----END CERTIFICATE-----
`;

describe('the text of a key', () => {
  test('is a PEM public key with or without its header lines, or in PKCS #1', () => {
    const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const forms = [rsaPem, base64Of(rsaPem), base64Of(rsaPem).replaceAll('\n', ' '), pkcs1, base64Of(pkcs1)];
    const fingerprints = forms.map((text) => keysFromText(text, ['RS256'])[0]?.fingerprint);
    expect(new Set(fingerprints).size).toBe(1);
    expect(fingerprints[0]).toBeDefined();
  });

  test('is an X.509 certificate with or without its header lines', () => {
    const [key] = keysFromText(CERTIFICATE, ['ES256']);
    expect(key?.algorithms.has('ES256')).toBe(true);
    expect(keysFromText(base64Of(CERTIFICATE), ['ES256'])[0]?.fingerprint).toBe(key?.fingerprint);
  });

  test('is a JWK or a JWK set, whose kid is kept', () => {
    const jwk = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'k1' };
    const edJwk = ed.publicKey.export({ format: 'jwk' });
    expect(keysFromText(JSON.stringify(jwk), ['ES256'])[0]?.kid).toBe('k1');
    const keys = keysFromText(JSON.stringify({ keys: [jwk, edJwk] }), ['ES256', 'EdDSA']);
    expect(keys.map((key) => key.algorithms)).toEqual([new Set(['ES256']), new Set(['EdDSA', 'Ed25519'])]);
  });

  test('is a secret for HMAC, as text or as a JWK', () => {
    const jwk = JSON.stringify({ kty: 'oct', k: Buffer.from(SECRET).toString('base64url') });
    expect(keysFromText(SECRET, ['HS256'])[0]?.for('HS256').algorithm).toMatchObject({ length: SECRET.length * 8 });
    expect(keysFromText(jwk, ['HS256'])[0]?.for('HS256').algorithm).toMatchObject({ length: SECRET.length * 8 });
    expect(keysFromText(`{${SECRET}}`, ['HS256'])).toHaveLength(1);
  });
});

describe('the text of a key is refused, and the error says why without the key,', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  test.each([
    ['a private key in PEM', privatePem, 'RS256', /private key: give its public key/],
    ['a private key without header lines', base64Of(privatePem), 'RS256', /can't be read/],
    ['a PKCS #1 private key without header lines', base64Of(privatePkcs1), 'RS256', /can't be read/],
    ['a private JWK', JSON.stringify(rsa.privateKey.export({ format: 'jwk' })), 'RS256', /private key/],
    ['an RSA key of 1024 bits', weak.export({ type: 'spki', format: 'pem' }).toString(), 'RS256', /1024 bits/],
    ['another curve', curve.export({ type: 'spki', format: 'pem' }).toString(), 'ES256', /curve secp256k1/],
    ['a key of another type', rsaPem, 'ES256', /does not fit ES256: it fits RS256/],
    ['a public key for HMAC', rsaPem, 'HS256', /needs a shared secret/],
    ['a public JWK for HMAC', JSON.stringify(rsa.publicKey.export({ format: 'jwk' })), 'HS256', /does not fit HS256/],
    ['a secret of 31 bytes', 'x'.repeat(31), 'HS256', /31 bytes; HS256 needs at least 32/],
    ['a secret of 63 bytes', 'x'.repeat(63), 'HS512', /63 bytes; HS512 needs at least 64/],
    ['a secret with a newline', `${SECRET}\n`, 'HS256', /white space/],
    ['a secret for RSA', SECRET, 'RS256', /can't be read; expected is a PEM/],
    ['two PEM blocks', rsaPem + rsaPem, 'RS256', /2 PEM blocks/],
    ['a broken PEM', rsaPem.replace('MII', 'MMM'), 'RS256', /can't be read as one/],
    ['JSON without kty', '{"a":1}', 'RS256', /no JWK/],
    ['broken JSON', '{"kty":', 'RS256', /no JSON/],
    ['an empty JWK set', '{"keys":[]}', 'RS256', /no usable key/],
    ['nothing', '', 'RS256', /can't be read/],
  ] as const)('%s', (_what, text, algorithm, message) => {
    expect(() => keysFromText(text, [algorithm])).toThrow(TypeError);
    expect(() => keysFromText(text, [algorithm])).toThrow(message);
    const line = text.split('\n').find((part) => part.length > 20 && !part.startsWith('-----')) ?? '';
    try {
      keysFromText(text, [algorithm]);
    } catch (error) {
      if (line !== '') expect((error as Error).message).not.toContain(line);
    }
  });
});
