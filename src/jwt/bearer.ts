/** The token that a request offers, or why there is none. */
export type Offered =
  /**
   * `headers`: the headers that hold the token, if the policy looks in several places; absent if there is one place.
   */
  | { readonly kind: 'token'; readonly token: string; readonly headers?: readonly string[] }
  | { readonly kind: 'missing'; readonly detail: string }
  | { readonly kind: 'malformed'; readonly detail: string };

const ANOTHER_BEARER = /,\s*bearer\s/i;
const NONE: Offered = { kind: 'missing', detail: 'the request has no bearer token' };
const OTHER: Offered = { kind: 'missing', detail: 'the authorization header is of another scheme than Bearer' };
const SEVERAL: Offered = { kind: 'malformed', detail: 'the authorization header holds more than one credential' };
const EMPTY: Offered = { kind: 'malformed', detail: 'the authorization header has no token after Bearer' };

/**
 * Reads a bearer token (RFC 6750, 2.1); the scheme is not case-sensitive (RFC 9110, 11.1). Headers that were sent
 * twice arrive joined with a comma, and no token has a comma.
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
