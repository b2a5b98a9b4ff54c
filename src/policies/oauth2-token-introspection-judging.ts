import type { Denial } from '../denial/denial.ts';
import type { Answer } from '../inquiry/inquiries.ts';
import { claimHeaders } from '../jwt/claim-headers.ts';
import { claimOf, isBound, scopesOf } from '../jwt/claims.ts';
import type { Claims } from '../jwt/claims.ts';
import type { Introspected } from '../oauth/introspection.ts';
import type { Admission } from './jwt-validation-admission.ts';
import { exposedHeaders, scopesOfOptions } from './oauth2-token-introspection-parameters.ts';
import type { IntrospectionOptions } from './oauth2-token-introspection-parameters.ts';

/** The judgement on one token, as it is cached. */
export interface Judged {
  readonly admission: Admission;
  /** Milliseconds since the Unix epoch. It is compared at each use, since the clock may be set in the meantime. */
  readonly expiresAtMs: number;
}

/** Judges the answers of the authorization server by the options. */
export function judging(
  config: IntrospectionOptions,
  remove: readonly string[],
): (introspected: Introspected, nowMs: number, tokenLength: number) => Answer<Judged> {
  const headers = exposedHeaders(config);
  const audiences = config.audience === undefined ? undefined : new Set([config.audience].flat());
  const required = scopesOfOptions(config);
  const issuerNames = config.issuer === undefined ? [] : [config.issuer];

  const faultOf = (claims: Claims, nowMs: number): Denial | undefined => {
    const detail =
      faultOfTime(claims, nowMs) ??
      faultOfIssuer(claims, config.issuer) ??
      (audiences && faultOfAudience(claims, audiences)) ??
      (config.senderConstraint === 'refuse' ? faultOfUse(claims) : undefined);
    if (detail !== undefined) return { reason: 'token_invalid', detail };
    const scopes = scopesOf(claims);
    const missing = required.filter((scope) => !scopes.has(scope));
    const isEnough = config.scopeValidationCriteria === 'OR' ? missing.length < required.length : missing.length === 0;
    if (isEnough || required.length === 0) return undefined;
    return {
      reason: 'scope_insufficient',
      scopes: required,
      detail: `the token has not the scopes ${missing.join(' ')}`,
    };
  };

  return (introspected, nowMs, tokenLength) => {
    const refused = (denial: Denial): Answer<Judged> => ({
      value: { admission: denial, expiresAtMs: Infinity },
      isGood: false,
      forMs: config.rejectedTokenTTL * 1000,
      bytes: 400,
    });
    if (!introspected.active) {
      return refused({ reason: 'token_invalid', detail: 'the authorization server says that the token is not active' });
    }
    const { claims } = introspected;
    const fault = faultOf(claims, nowMs);
    if (fault !== undefined) return refused(fault);
    const told = claimHeaders(claims, headers);
    if (typeof told === 'string') return refused({ reason: 'token_invalid', detail: told });
    const expiry = claimOf(claims, 'exp');
    const expiresAtMs = typeof expiry === 'number' ? expiry * 1000 : Infinity;
    const names = namesOf(claims, issuerNames);
    const admitted: Admission = {
      identity: { claims, issuers: names },
      upstream: told.headers,
      remove,
      remark: told.unfound.length === 0 ? undefined : `the token has nothing at ${told.unfound.join(', ')}`,
      boundTo: undefined,
      last: undefined,
      lastOfSeveral: false,
    };
    return {
      value: { admission: admitted, expiresAtMs },
      isGood: true,
      forMs: Math.min(config.validatedTokenTTL * 1000, expiresAtMs - nowMs),
      // An estimate: claims take a few times the size of their text.
      bytes: 1024 + 4 * Math.max(tokenLength, JSON.stringify(claims).length),
    };
  };
}

/** The names of the issuer: the configured one, otherwise the one in the answer. One server answers for all of them. */
function namesOf(claims: Claims, configured: readonly string[]): readonly string[] {
  const issuer = claimOf(claims, 'iss');
  return configured.length > 0 || typeof issuer !== 'string' ? configured : [issuer];
}

/** RFC 7662, 4: the protected resource must check the times as well. */
function faultOfTime(claims: Claims, nowMs: number): string | undefined {
  const [expiry, notBefore] = [claimOf(claims, 'exp'), claimOf(claims, 'nbf')];
  if (!isTime(expiry) || !isTime(notBefore)) return 'exp or nbf of the token is not a number';
  if (typeof expiry === 'number' && nowMs >= expiry * 1000) return 'the token has expired';
  return typeof notBefore === 'number' && nowMs < notBefore * 1000 ? 'the token does not count yet' : undefined;
}

function isTime(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && Number.isFinite(value));
}

function faultOfIssuer(claims: Claims, issuer: string | undefined): string | undefined {
  const named = claimOf(claims, 'iss');
  if (issuer === undefined || named === undefined || named === null || named === issuer) return undefined;
  return 'the token is of another issuer';
}

function faultOfAudience(claims: Claims, audiences: ReadonlySet<string>): string | undefined {
  const audience = claimOf(claims, 'aud');
  if (audience === undefined || audience === null) return 'the token has no aud';
  const found: readonly unknown[] = [audience].flat();
  return found.some((one) => typeof one === 'string' && audiences.has(one))
    ? undefined
    : 'the token is for another audience';
}

/**
 * Refuses active tokens that are not access tokens for their bearer. Servers show it in `token_type`, `typ` or
 * `token_use`. Refresh tokens are active for a long time, and many parties may see id tokens.
 */
function faultOfUse(claims: Claims): string | undefined {
  if (isBound(claims)) {
    return 'the token is bound to a key of its sender (cnf), and whether the sender has it is not verified (senderConstraint: ignore takes it)';
  }
  for (const name of ['token_type', 'typ', 'token_use']) {
    const value = claimOf(claims, name);
    if (typeof value === 'string' && /^(?:dpop|refresh|offline|id)(?:[_ -]?token)?$/i.test(value)) {
      return `the token is not a bearer's access token by its ${name} (senderConstraint: ignore takes it)`;
    }
  }
  return undefined;
}
