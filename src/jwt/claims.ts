import { claimAt } from './claim-path.ts';
import type { ClaimPath } from './claim-path.ts';

/** The claims of a token whose signature was verified. */
export type Claims = Readonly<Record<string, unknown>>;

export type ClaimLiteral = string | number | boolean;

/** A claim that must have one of these values. */
export interface CustomClaim {
  /** Its name, or its path as the document writes it. */
  readonly key: string;
  /** Absent: `key` is the name. */
  readonly path?: ClaimPath | undefined;
  readonly anyOf: readonly ClaimLiteral[];
  readonly mandatory: boolean;
}

export interface ClaimRules {
  /** Empty: any issuer, or none. */
  readonly issuers: readonly string[];
  /** Undefined: `aud` is not checked. */
  readonly audience: { readonly anyOf: readonly string[]; readonly mandatory: boolean } | undefined;
  readonly expiryMandatory: boolean;
  readonly notBeforeMandatory: boolean;
  readonly toleranceMs: number;
  readonly custom: readonly CustomClaim[];
  /** A further check of the issuer; it returns a sentence on a fault. */
  readonly further?: (claims: Claims) => string | undefined;
}

/** The time in which a token is valid, in milliseconds since the Unix epoch, leeway included. */
export interface Lifetime {
  readonly notBeforeMs: number;
  /** The token is refused at this very millisecond (RFC 7519, 4.1.4: "on or after"). */
  readonly expiresAtMs: number;
}

/** Only own members: a name such as `constructor` finds nothing that is not in the token. */
export function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** Whether the token names a key that its sender must have (RFC 7800). Null counts as no key. */
export function isBound(claims: Claims): boolean {
  const confirmation = claimOf(claims, 'cnf');
  return confirmation !== undefined && confirmation !== null;
}

/**
 * Checks everything but the time.
 * @returns a sentence without a value of the token, if something is wrong
 */
export function faultOfClaims(claims: Claims, rules: ClaimRules): string | undefined {
  const issuer = claimOf(claims, 'iss');
  if (rules.issuers.length > 0 && !(typeof issuer === 'string' && rules.issuers.includes(issuer))) {
    return issuer === undefined ? 'the token has no iss' : 'the iss of the token is not among the issuers';
  }
  const further = rules.further?.(claims);
  if (further !== undefined) return further;
  if (rules.audience !== undefined) {
    const fault = faultOfAudience(claimOf(claims, 'aud'), rules.audience);
    if (fault !== undefined) return fault;
  }
  for (const rule of rules.custom) {
    const value = customClaimOf(claims, rule);
    if (value === undefined) {
      if (rule.mandatory) return `the token has no claim ${JSON.stringify(rule.key)}`;
    } else if (!matches(value, rule.anyOf)) {
      return `the claim ${JSON.stringify(rule.key)} of the token is not as required`;
    }
  }
  return undefined;
}

/** Paths of optional claims that have no value in this token, so that nothing was checked there. */
export function unfoundOf(claims: Claims, rules: ClaimRules): readonly string[] {
  return rules.custom.flatMap((rule) => {
    const isUnfound = !rule.mandatory && rule.path !== undefined && customClaimOf(claims, rule) === undefined;
    return isUnfound ? [JSON.stringify(rule.key)] : [];
  });
}

function customClaimOf(claims: Claims, { key, path }: CustomClaim): unknown {
  return path === undefined ? claimOf(claims, key) : claimAt(claims, path);
}

/** RFC 7519, 4.1.3: one string or a list of them, of which one must be ours. */
function faultOfAudience(value: unknown, rule: NonNullable<ClaimRules['audience']>): string | undefined {
  if (value === undefined) return rule.mandatory ? 'the token has no aud' : undefined;
  const audiences: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!audiences.every((audience) => typeof audience === 'string')) return 'the aud of the token is malformed';
  return audiences.some((audience) => rule.anyOf.includes(audience)) ? undefined : 'the token is for another audience';
}

/** A list matches if one of its elements does, such as a role among roles. Types are not converted. */
function matches(value: unknown, anyOf: readonly ClaimLiteral[]): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.some((element) => anyOf.some((literal) => literal === element));
}

/** @returns a sentence if `exp` or `nbf` is malformed, or missing though mandatory */
export function lifetimeOf(claims: Claims, rules: ClaimRules): Lifetime | string {
  const expiry = claimOf(claims, 'exp');
  const notBefore = claimOf(claims, 'nbf');
  if (expiry === undefined && rules.expiryMandatory) return 'the token has no exp';
  if (notBefore === undefined && rules.notBeforeMandatory) return 'the token has no nbf';
  if (expiry !== undefined && !isNumericDate(expiry)) return 'the exp of the token is not a number';
  if (notBefore !== undefined && !isNumericDate(notBefore)) return 'the nbf of the token is not a number';
  return {
    notBeforeMs: notBefore === undefined ? Number.NEGATIVE_INFINITY : notBefore * 1000 - rules.toleranceMs,
    expiresAtMs: expiry === undefined ? Number.POSITIVE_INFINITY : expiry * 1000 + rules.toleranceMs,
  };
}

export function faultOfTime({ notBeforeMs, expiresAtMs }: Lifetime, nowMs: number): string | undefined {
  if (nowMs >= expiresAtMs) return 'the token has expired';
  return nowMs < notBeforeMs ? 'the token does not count yet' : undefined;
}

/**
 * RFC 7519, 2: seconds since the Unix epoch, fractions allowed. A number such as `1e999`, which is infinite, is not a
 * date.
 */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Reads `scope`, separated by spaces (RFC 8693, 4.2). Without it reads `scp`, which is a list or such a string. */
export function scopesOf(claims: Claims): ReadonlySet<string> {
  const value = claimOf(claims, 'scope') ?? claimOf(claims, 'scp');
  if (typeof value === 'string') return new Set(value.split(' '));
  return new Set(Array.isArray(value) ? value.filter((scope) => typeof scope === 'string') : []);
}
