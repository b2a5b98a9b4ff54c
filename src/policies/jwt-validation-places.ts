import { bearerToken } from '../jwt/bearer.ts';
import type { Offered } from '../jwt/bearer.ts';
import { MAXIMUM_TOKEN_LENGTH, unverifiedClaims } from '../jwt/compact-token.ts';
import type { Issuers } from '../jwt/issuers.ts';
import { BEARER_HEADER } from '../policy/authenticating.ts';
import type { BearerTerms } from '../policy/authenticating.ts';
import { credentialPlaces } from '../policy/credential-places.ts';
import type { CredentialPlace } from '../policy/credential-places.ts';
import { compileExpression } from '../policy/expression.ts';
import type { HeaderRead } from '../policy/header-read.ts';
import type { Authenticating, Request } from '../policy/policy.ts';
import { DEFAULT_JWT_EXPRESSION } from './jwt-validation-parameters.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

/** Where a policy looks for the token in a request. */
export interface TokenOrigin {
  /** Equal for policies that look in the same places. */
  readonly credential: string;
  /** Set if this header is the only place: verified tokens are then found by its value. */
  readonly headerName: string | undefined;
  /** All headers that may hold the token. */
  readonly headers: readonly string[];
  readonly headerReads: readonly HeaderRead[];
  /** The methods of RFC 6750, 2.1 and 2.3: `authorization: Bearer`, and the query parameter `access_token`. */
  readonly methods: BearerTerms['methods'];
  offered(request: Request): Offered;
}

const SEVERAL: Offered = { kind: 'malformed', detail: 'the request has two tokens, or one with a comma' };

export function tokenOrigin(config: JwtValidationOptions): TokenOrigin {
  if (config.places !== undefined && !isBearerAlone(config.places)) return originOfPlaces(config.places);
  if (config.jwtOrigin === 'httpBearerAuthenticationHeader') {
    return {
      credential: BEARER_HEADER,
      headerName: 'authorization',
      headers: ['authorization'],
      headerReads: [],
      methods: ['header'],
      offered: (request) => bearerToken(request.check.header('authorization')),
    };
  }
  const selection = compileExpression(config.jwtExpression ?? DEFAULT_JWT_EXPRESSION);
  const { headerName, source } = selection;
  return {
    credential: `token ${source}`,
    headerName,
    headers: headerName === undefined ? [] : [headerName],
    // The token comes from the caller, and verified tokens are found by what the caller sent.
    headerReads: headerName === undefined ? [] : [{ field: 'jwtExpression', header: headerName, fromCaller: true }],
    methods: selection.fromQuery && /\baccess_token\b/.test(source) ? ['query'] : [],
    offered(request) {
      const token = selection.select(request);
      if (token !== undefined && token !== '') return { kind: 'token', token };
      return { kind: 'missing', detail: `the request has no token at ${source}` };
    },
  };
}

function isBearer({ header, scheme }: CredentialPlace): boolean {
  return header === 'authorization' && scheme?.toLowerCase() === 'bearer';
}

function isBearerAlone(places: readonly CredentialPlace[]): boolean {
  return places.length === 1 && places.every(isBearer);
}

function originOfPlaces(places: readonly CredentialPlace[]): TokenOrigin {
  const presented = credentialPlaces(places, 'places');
  const takesBearer = places.some(isBearer);
  const missing: Offered = { kind: 'missing', detail: `the request has no token at ${presented.credential}` };
  const takesQuery = places.some(({ query }) => query === 'access_token');
  return {
    credential: `token ${presented.credential}`,
    headerName: places.length === 1 ? places[0]?.header : undefined,
    headers: presented.headers,
    headerReads: presented.headerReads,
    methods: [...(takesBearer ? (['header'] as const) : []), ...(takesQuery ? (['query'] as const) : [])],
    offered(request) {
      if (takesBearer) {
        // With two schemes in one header, or none after Bearer, an upstream could use a token that nobody has
        // verified.
        const bearer = bearerToken(request.check.header('authorization'));
        if (bearer.kind === 'malformed') return bearer;
      }
      const sent = presented.find(request);
      if (sent.found === 'one') return { kind: 'token', token: sent.value, headers: sent.headers };
      return sent.found === 'several' ? SEVERAL : missing;
    },
  };
}

/**
 * Chooses the policy by the issuer that the token names, before anything is verified. The policy of that issuer
 * refuses a forged token.
 */
export function authenticating(
  config: JwtValidationOptions,
  { origin, issuers }: { readonly origin: TokenOrigin; readonly issuers: Issuers },
): Authenticating {
  return {
    credential: origin.credential,
    isPresent: (request) => origin.offered(request).kind !== 'missing',
    isMeant(request) {
      const offered = origin.offered(request);
      if (offered.kind !== 'token' || offered.token.length > MAXIMUM_TOKEN_LENGTH) return false;
      const claims = saidBy(request, offered.token);
      return typeof claims !== 'string' && issuers.isMeant(claims);
    },
    challenge: 'Bearer',
    headers: origin.headers,
    bearer: {
      issuers: issuers.identifiers.filter((issuer) => URL.parse(issuer)?.protocol === 'https:'),
      scopes: config.requiredScopes,
      methods: origin.methods,
    },
  };
}

const SAID = new WeakMap<Request, { readonly token: string; readonly claims: ReturnType<typeof unverifiedClaims> }>();

/** Reads the claims of the request's token once, for all policies that may accept it. */
function saidBy(request: Request, token: string): ReturnType<typeof unverifiedClaims> {
  const known = SAID.get(request);
  if (known?.token === token) return known.claims;
  const claims = unverifiedClaims(token);
  SAID.set(request, { token, claims });
  return claims;
}
