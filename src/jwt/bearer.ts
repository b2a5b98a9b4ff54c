/** What the request offers as a token. */
export type Offered =
  /** `headers`: of several places the headers that it stands in; absent where there is one place. */
  | { readonly kind: 'token'; readonly token: string; readonly headers?: readonly string[] }
  | { readonly kind: 'missing'; readonly detail: string }
  | { readonly kind: 'malformed'; readonly detail: string };

const ANOTHER_BEARER = /,\s*bearer\s/i;
const NONE: Offered = { kind: 'missing', detail: 'the request has no bearer token' };
const OTHER: Offered = { kind: 'missing', detail: 'the authorization header is of another scheme than Bearer' };
const SEVERAL: Offered = { kind: 'malformed', detail: 'the authorization header holds more than one credential' };
const EMPTY: Offered = { kind: 'malformed', detail: 'the authorization header has no token after Bearer' };

/**
 * RFC 6750, 2.1; the scheme in any case (RFC 9110, 11.1). Headers that were sent twice arrive joined
 * with a comma, which no token holds.
 */
export function bearerToken(authorization: string | undefined): Offered {
  if (authorization === undefined || authorization === '') return NONE;
  if (authorization.slice(0, 7).toLowerCase() !== 'bearer ') {
    if (ANOTHER_BEARER.test(authorization)) return SEVERAL;
    return authorization.toLowerCase() === 'bearer' ? EMPTY : OTHER;
  }
  const token = authorization.slice(7).trim();
  if (token === '') return EMPTY;
  return token.includes(',') ? SEVERAL : { kind: 'token', token };
}
