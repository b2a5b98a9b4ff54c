import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** How ostiary authenticates itself to an authorization server (RFC 6749, 2.3; RFC 7523; RFC 8705). */
export type ClientAuthentication =
  | { readonly method: 'none' }
  /** A complete value of the header `authorization`, such as `Bearer …`. */
  | { readonly method: 'header'; readonly value: string }
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post';
      readonly clientId: string;
      readonly clientSecret: string;
    }
  | PrivateKeyJwt
  /** The certificate of the TLS connection authenticates us. */
  | { readonly method: 'tls_client_auth'; readonly clientId: string };

export interface PrivateKeyJwt {
  readonly method: 'private_key_jwt';
  readonly clientId: string;
  readonly key: KeyObject;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  /** The audience of the assertion; undefined: the URL that is called. */
  readonly audience: string | undefined;
}

/** What a call carries to authenticate us. */
export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** How long an assertion is valid. Each one is made for one call. */
const ASSERTION_SECONDS = 60;

/** @param randomId such as `crypto.randomUUID` */
export async function proveClient(
  authentication: ClientAuthentication,
  url: string,
  { clock, randomId }: { readonly clock: Clock; readonly randomId: () => string },
): Promise<ClientProof> {
  switch (authentication.method) {
    case 'none':
      return { headers: {}, parameters: {} };
    case 'header':
      return { headers: { authorization: authentication.value }, parameters: {} };
    case 'client_secret_basic': {
      const { clientId, clientSecret } = authentication;
      const credentials = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
      return { headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }, parameters: {} };
    }
    case 'client_secret_post': {
      const { clientId, clientSecret } = authentication;
      return { headers: {}, parameters: { client_id: clientId, client_secret: clientSecret } };
    }
    case 'tls_client_auth':
      return { headers: {}, parameters: { client_id: authentication.clientId } };
    default: {
      const { clientId } = authentication;
      const assertion = await assertionOf(authentication, url, clock.now(), randomId());
      const parameters = { client_id: clientId, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
      return { headers: {}, parameters };
    }
  }
}

/** Makes a signed assertion (RFC 7523, 3). */
async function assertionOf(
  { clientId, key, algorithm, keyId, audience }: PrivateKeyJwt,
  url: string,
  now: number,
  id: string,
): Promise<string> {
  // The library is loaded with the first assertion.
  const { SignJWT } = await import('jose');
  const seconds = Math.floor(now / 1000);
  return new SignJWT({ iss: clientId, sub: clientId, aud: audience ?? url, jti: id })
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ASSERTION_SECONDS)
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
    .sign(key);
}

/** Encodes one part of HTTP Basic as a form does (RFC 6749, 2.3.1), so that a colon in it does not end the user id. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
