/** The JWS algorithms that are supported (RFC 7518, 3.1; RFC 8037, 3.1; RFC 9864, 2.2). `none` is not one of them. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'HS256',
  'HS384',
  'HS512',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

const KNOWN: ReadonlySet<string> = new Set(ALGORITHMS);

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && KNOWN.has(name);
}

/** True for HMAC, whose key is a secret that both sides share. */
export function isShared(algorithm: Algorithm): boolean {
  return algorithm.startsWith('HS');
}

/** RFC 7518, 3.2: an HMAC key has at least as many bytes as the hash. */
export function minimumSecretBytes(algorithm: Algorithm): number {
  return Number(algorithm.slice(2)) / 8;
}

/** WebCrypto's name of the algorithm for importing a key. */
export function importParameters(algorithm: Algorithm): { name: string; hash?: string; namedCurve?: string } {
  const hash = `SHA-${algorithm.slice(2)}`;
  switch (algorithm.slice(0, 2)) {
    case 'RS':
      return { name: 'RSASSA-PKCS1-v1_5', hash };
    case 'PS':
      return { name: 'RSA-PSS', hash };
    case 'ES':
      return { name: 'ECDSA', namedCurve: algorithm === 'ES512' ? 'P-521' : `P-${algorithm.slice(2)}` };
    case 'HS':
      return { name: 'HMAC', hash };
    default:
      return { name: 'Ed25519' };
  }
}
