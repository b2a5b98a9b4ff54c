import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export const ISSUER = 'https://kubernetes.example.com';

/** An API server's keys, and tokens as it issues them to pods. */
export interface TokenIssuer {
  readonly jwks: object;
  /** @param change of the claims @param header of the header, and with whose key it is signed */
  token(change?: Readonly<Record<string, unknown>>, header?: { alg?: string; kid?: string; key?: KeyObject }): string;
}

export function tokenIssuer(now = () => Date.now()): TokenIssuer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'one', alg: 'RS256' };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    jwks: { keys: [jwk] },
    token(change = {}, { alg = 'RS256', kid = 'one', key = privateKey } = {}) {
      const seconds = Math.floor(now() / 1000);
      const claims = {
        iss: ISSUER,
        aud: ['ostiary'],
        sub: 'system:serviceaccount:shop:web',
        iat: seconds,
        nbf: seconds,
        exp: seconds + 3607,
        'kubernetes.io': {
          namespace: 'shop',
          node: { name: 'node-1', uid: 'n1' },
          pod: { name: 'web-7d9f-x2', uid: '11111111-1111-1111-1111-111111111111' },
          serviceaccount: { name: 'web', uid: 's1' },
        },
        ...change,
      };
      const signed = `${part({ alg, kid, typ: 'JWT' })}.${part(claims)}`;
      if (alg === 'none') return `${signed}.`;
      return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
    },
  };
}
