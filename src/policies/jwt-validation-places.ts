import { bearerToken } from '../jwt/bearer.ts';
import type { Offered } from '../jwt/bearer.ts';
import { MAXIMUM_TOKEN_LENGTH, unverifiedClaims } from '../jwt/compact-token.ts';
import type { Issuers } from '../jwt/issuers.ts';
import { BEARER_HEADER } from '../policy/credential-names.ts';
import { compileExpression } from '../policy/expression.ts';
import type { Authenticating, Request } from '../policy/policy.ts';
import { DEFAULT_JWT_EXPRESSION } from './jwt-validation-parameters.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

export interface TokenOrigin {
  readonly credential: string;
  readonly headerName: string | undefined;
  /** RFC 6750, 2.3: the query parameter `access_token`. */
  readonly isAccessTokenQuery: boolean;
  offered(request: Request): Offered;
}

export function tokenOrigin(config: JwtValidationOptions): TokenOrigin {
  if (config.jwtOrigin === 'httpBearerAuthenticationHeader') {
    return {
      credential: BEARER_HEADER,
      headerName: 'authorization',
      isAccessTokenQuery: false,
      offered: (request) => bearerToken(request.check.header('authorization')),
    };
  }
  const selection = compileExpression(config.jwtExpression ?? DEFAULT_JWT_EXPRESSION);
  return {
    credential: `token ${selection.source}`,
    headerName: selection.headerName,
    isAccessTokenQuery: selection.fromQuery && /\baccess_token\b/.test(selection.source),
    offered(request) {
      const token = selection.select(request);
      if (token !== undefined && token !== '') return { kind: 'token', token };
      return { kind: 'missing', detail: `the request has no token at ${selection.source}` };
    },
  };
}

/** Who is meant by a token tells its issuer, before anything is verified: a forged one is refused by whom it names. */
export function authenticating(
  config: JwtValidationOptions,
  { origin, issuers }: { readonly origin: TokenOrigin; readonly issuers: Issuers },
): Authenticating {
  const { headerName } = origin;
  const isHeader = config.jwtOrigin === 'httpBearerAuthenticationHeader';
  return {
    credential: origin.credential,
    isPresent: (request) => origin.offered(request).kind !== 'missing',
    isMeant(request) {
      const offered = origin.offered(request);
      if (offered.kind !== 'token' || offered.token.length > MAXIMUM_TOKEN_LENGTH) return false;
      const claims = unverifiedClaims(offered.token);
      return typeof claims !== 'string' && issuers.isMeant(claims);
    },
    challenge: 'Bearer',
    headers: headerName === undefined ? [] : [headerName],
    bearer: {
      issuers: issuers.identifiers.filter((issuer) => URL.parse(issuer)?.protocol === 'https:'),
      scopes: config.requiredScopes,
      methods: isHeader ? ['header'] : origin.isAccessTokenQuery ? ['query'] : [],
    },
  };
}
