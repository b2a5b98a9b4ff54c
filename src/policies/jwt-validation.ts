import type { Identity } from '../contract/identity.ts';
import type { Denial } from '../denial/denial.ts';
import { bearerToken } from '../jwt/bearer.ts';
import type { Offered } from '../jwt/bearer.ts';
import { claimHeaders } from '../jwt/claim-headers.ts';
import { scopesOf } from '../jwt/claims.ts';
import type { ClaimRules, Claims } from '../jwt/claims.ts';
import type { KeySets } from '../jwt/key-sets.ts';
import { fixedKeys, publishedKeys } from '../jwt/key-source.ts';
import type { KeySource } from '../jwt/key-source.ts';
import { keysFromText } from '../jwt/text-key.ts';
import { unverifiedClaims } from '../jwt/unverified-claims.ts';
import { Verifier } from '../jwt/verifier.ts';
import type { VerifiedToken } from '../jwt/verifier.ts';
import { clientHeaders } from '../policy/client-headers.ts';
import type { ClientHeaders } from '../policy/client-headers.ts';
import { BEARER_HEADER } from '../policy/credential-names.ts';
import { compileExpression } from '../policy/expression.ts';
import type { Selection } from '../policy/expression.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Authenticating, Grant, Outcome, Request } from '../policy/policy.ts';
import { upgrade } from '../policy/upgrade-note.ts';
import { settle } from '../settle.ts';
import { loopbackNotes } from './egress-loopback.ts';
import type { PolicyEnvironment } from './environment.ts';
import { jwtValidationOptions } from './jwt-validation-options.ts';
import { DEFAULT_JWT_EXPRESSION, allowedAlgorithms, clientHeaderNamesOf, listOf } from './jwt-validation-parameters.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

const NOT_BEARER =
  'is refuse where it is left out: tokens with cnf, or of a typ such as dpop+jwt, are 401 now; write refuse, or ignore for what 0.1 did';

type Needs = Pick<PolicyEnvironment, 'clock' | 'keySets' | 'egress'>;

/** Only requests with a valid token may pass (`docs/policies/jwt-validation.md`). */
export default definePolicy({
  name: 'jwt-validation',
  phase: 'access',
  summary: 'Admits requests with a valid signed JSON Web Token, and the client applications that they name',
  options: jwtValidationOptions,
  upgradeNotes: (written, { egress }: Needs) => [
    ...(written['senderConstraint'] === undefined
      ? [upgrade('sender-constraint', ['senderConstraint'], NOT_BEARER)]
      : []),
    ...loopbackNotes('jwksUrl', listOf(written['jwksUrl'] as JwtValidationOptions['jwksUrl']), egress.rules),
  ],
  create(config, { clock, keySets }: Needs) {
    const origin = tokenOrigin(config);
    const clientId = config.skipClientIdValidation
      ? undefined
      : [config.clientIdExpression].flat().map(compileExpression);
    const names = clientHeaderNamesOf(config);
    const told = names === undefined ? undefined : clientHeaders(names);
    const remove = config.forwardToken || origin.headerName === undefined ? [] : [origin.headerName];
    const verifier = new Verifier({
      algorithms: allowedAlgorithms(config),
      rules: claimRules(config),
      clock,
      memory: keySets.tokens,
      refusals: keySets.refusals,
      gate: keySets.gate,
      senderConstraint: config.senderConstraint,
      derive: admission(config, remove),
      keys: keySource(config, keySets),
    });

    const outcomeOf = (request: Request, token: VerifiedToken<Admission> | Denial): Outcome => {
      if (token.reason !== undefined) return token;
      const { derived } = token;
      // Contracts change while a token stays verified: they are asked for each time.
      if (clientId === undefined || told === undefined || derived.reason !== undefined) return derived;
      return withClient(request, derived, clientId, told);
    };

    return {
      phase: 'access',
      identityHeaders: [...config.claimsToHeaders.map(({ header }) => header), ...(told?.names ?? [])],
      ...(told === undefined ? {} : { clientHeaders: told.names }),
      provides: told === undefined ? ['claims'] : ['claims', 'client'],
      authenticates: authenticating(config, origin),
      // A token is the caller's own, and it is remembered by what the caller sent.
      headerReads:
        config.jwtOrigin === 'customExpression' && origin.headerName !== undefined
          ? [{ field: 'jwtExpression', header: origin.headerName, fromCaller: true }]
          : [],
      decide(request) {
        const { headerName } = origin;
        const known = headerName === undefined ? undefined : verifier.recall(request.check, headerName);
        if (known !== undefined) return outcomeOf(request, known);
        const offered = origin.offered(request);
        if (offered.kind === 'missing') {
          return { reason: 'token_missing', status: config.missingTokenStatus, detail: offered.detail };
        }
        if (offered.kind === 'malformed') return { reason: 'token_invalid', detail: offered.detail };
        const presented = headerName === undefined ? '' : request.check.header(headerName);
        const verified = verifier.verify(offered.token, request.deadline, presented, request.caller);
        return settle(verified, (token) => outcomeOf(request, token));
      },
      close() {
        verifier.close();
      },
    };
  },
});

/** Who is meant by a token tells its issuer, before anything is verified: a forged one is refused by whom it names. */
function authenticating(config: JwtValidationOptions, origin: TokenOrigin): Authenticating {
  const { issuers } = claimRules(config);
  const { headerName } = origin;
  const isHeader = config.jwtOrigin === 'httpBearerAuthenticationHeader';
  return {
    credential: origin.credential,
    isPresent: (request) => origin.offered(request).kind !== 'missing',
    isMeant(request) {
      const offered = origin.offered(request);
      const claims = offered.kind === 'token' ? unverifiedClaims(offered.token) : undefined;
      if (claims === undefined) return false;
      const { iss } = claims;
      return issuers.length === 0 || (typeof iss === 'string' && issuers.includes(iss));
    },
    challenge: 'Bearer',
    headers: headerName === undefined ? [] : [headerName],
    bearer: {
      issuers: issuers.filter((issuer) => URL.parse(issuer)?.protocol === 'https:'),
      scopes: config.requiredScopes,
      methods: isHeader ? ['header'] : origin.isAccessTokenQuery ? ['query'] : [],
    },
  };
}

interface TokenOrigin {
  readonly credential: string;
  readonly headerName: string | undefined;
  /** RFC 6750, 2.3: the query parameter `access_token`. */
  readonly isAccessTokenQuery: boolean;
  offered(request: Request): Offered;
}

function tokenOrigin(config: JwtValidationOptions): TokenOrigin {
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

/** Last of all, since it holds key sets until the policy closes. */
function keySource(config: JwtValidationOptions, keySets: KeySets): KeySource {
  if (config.jwtKeyOrigin === 'text') return fixedKeys(keysFromText(config.textKey ?? '', allowedAlgorithms(config)));
  const need = {
    timeToLiveMs: config.jwksServiceTimeToLive * 60_000,
    timeoutMs: config.jwksServiceConnectionTimeout,
  };
  return publishedKeys(
    [...new Set(listOf(config.jwksUrl))].map((url) => keySets.hold(url, need)),
    keySets,
  );
}

function claimRules(config: JwtValidationOptions): ClaimRules {
  const custom = (claims: JwtValidationOptions['mandatoryCustomClaims'], mandatory: boolean): ClaimRules['custom'] =>
    claims.map(({ key, value }) => ({ key, anyOf: [value].flat(), mandatory }));
  return {
    issuers: config.issuer === undefined ? [] : [config.issuer].flat(),
    audience: config.validateAudClaim
      ? { anyOf: listOf(config.supportedAudiences), mandatory: config.mandatoryAudClaim }
      : undefined,
    expiryMandatory: config.mandatoryExpClaim,
    notBeforeMandatory: config.mandatoryNbfClaim,
    toleranceMs: config.clockToleranceSeconds * 1000,
    custom: [...custom(config.mandatoryCustomClaims, true), ...custom(config.nonMandatoryCustomClaims, false)],
  };
}

/** What the claims alone decide: all of it but the contract. */
type Admission = Denial | Admitted;

interface Admitted extends Required<Pick<Grant, 'upstream' | 'remove'>> {
  readonly reason?: undefined;
  readonly identity: { readonly claims: Claims };
  /** What the token got last: the same again while its contract is the same. */
  last: (Grant & { readonly identity: Identity }) | undefined;
}

function admission(config: JwtValidationOptions, remove: readonly string[]): (claims: Claims) => Admission {
  return (claims) => {
    const scopes = scopesOf(claims);
    if (!config.requiredScopes.every((scope) => scopes.has(scope))) {
      const missing = config.requiredScopes.filter((scope) => !scopes.has(scope));
      return {
        reason: 'scope_insufficient',
        scopes: config.requiredScopes,
        detail: `the token has not the scopes ${missing.join(' ')}`,
      };
    }
    const upstream = claimHeaders(claims, config.claimsToHeaders);
    if (typeof upstream === 'string') return { reason: 'token_invalid', detail: upstream };
    return { identity: { claims }, upstream, remove, last: undefined };
  };
}

function withClient(
  request: Request,
  admitted: Admitted,
  selections: readonly Selection[],
  told: ClientHeaders,
): Outcome {
  const { claims } = admitted.identity;
  const clientId = clientIdFrom(request, claims, selections);
  if (clientId === undefined) return { reason: 'contract_missing', detail: 'the token names no client' };
  const contract = request.directory.contract(clientId, request.api);
  if (contract?.status !== 'approved') {
    const detail =
      contract === undefined
        ? `the client of the token has no contract for ${request.api}`
        : `the contract ${contract.name} is ${contract.status}`;
    return { reason: 'contract_missing', detail };
  }
  const { last } = admitted;
  if (last?.identity.contract === contract) return last;
  const ofClient = told.of(contract.client, contract);
  const upstream = admitted.upstream.length === 0 ? ofClient : [...admitted.upstream, ...ofClient];
  const identity = { claims, client: contract.client, contract };
  return (admitted.last = { identity, upstream, remove: admitted.remove });
}

/** The first that the token has: were the next one tried, a client without a contract could pass for another. */
function clientIdFrom(request: Request, claims: Claims, selections: readonly Selection[]): string | undefined {
  const identity = { claims };
  for (const selection of selections) {
    const clientId = selection.select(request, identity);
    if (clientId !== undefined && clientId !== '') return clientId;
  }
  return undefined;
}
