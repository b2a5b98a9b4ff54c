import { claimOf } from './claims.ts';
import type { Claims } from './claims.ts';

/** How an issuer is recognised in a token. */
export type IssuerName = ExactName | NamePattern | TrustDomain;

export interface ExactName {
  readonly kind: 'exact';
  /** The names of one issuer: its keys may sign under each of them. */
  readonly names: readonly string[];
}

/** Many tenants of one provider, whose keys sign for all of them. */
export interface NamePattern {
  readonly kind: 'pattern';
  /** As the document writes it, such as `https://login.example.com/{tenant}/v2.0`. */
  readonly source: string;
  /** The claim that must name the same tenant as `iss`. */
  readonly tenantClaim: string | undefined;
  /** The accepted tenants; undefined: any tenant. */
  readonly tenants: ReadonlySet<string> | undefined;
  readonly before: string;
  readonly after: string;
}

/** A SPIFFE trust domain. Its JWT-SVIDs identify the workload in `sub`, and need no `iss`. */
export interface TrustDomain {
  readonly kind: 'trust_domain';
  /** Such as `example.org`. */
  readonly domain: string;
}

const PLACEHOLDER = /\{[^{}]*\}/;
/** One segment of a path or one label of a host. It has no character that could begin another part of a URL. */
const TENANT = /^[A-Za-z0-9_-]{1,128}$/;

/** Splits a name at its placeholder; undefined if it has none, or several. */
function aroundPlaceholder(source: string): { readonly before: string; readonly after: string } | undefined {
  const found = PLACEHOLDER.exec(source);
  if (found === null) return undefined;
  return { before: source.slice(0, found.index), after: source.slice(found.index + found[0].length) };
}

export function isPattern(source: string): boolean {
  return /[{}]/.test(source);
}

/**
 * Says why a text is not a pattern of issuers: it is ambiguous, or would let anyone who owns some domain be an
 * issuer.
 * @returns a sentence; undefined if the pattern is valid
 */
export function patternProblem(source: string): string | undefined {
  const around = aroundPlaceholder(source);
  if (around === undefined || isPattern(around.before) || isPattern(around.after)) {
    return 'needs exactly one placeholder in braces, such as https://login.example.com/{tenant}/v2.0';
  }
  const { before, after } = around;
  if (!before.startsWith('https://')) return 'a pattern begins with https:// and a host';
  const isInPath = before.indexOf('/', 'https://'.length) >= 0;
  if (!isInPath) {
    const isLabel = (before === 'https://' || before.endsWith('.')) && after.startsWith('.');
    // In `https://{tenant}.com/`, anyone can register a matching domain.
    const belowIt = after.slice(1).split(/[/:?#]/, 1)[0] ?? '';
    if (!isLabel || belowIt.split('.').filter(Boolean).length < 2) {
      return 'in a host, a placeholder is one whole label with at least two behind it, such as https://{tenant}.login.example.com/';
    }
    return undefined;
  }
  const isSegment = before.endsWith('/') && (after === '' || after.startsWith('/'));
  return isSegment ? undefined : 'in a path, a placeholder is one whole segment, between two slashes or at the end';
}

/** @throws TypeError if the text is not a pattern: see {@link patternProblem} */
export function namePattern(
  source: string,
  {
    tenantClaim,
    tenants,
  }: { readonly tenantClaim?: string | undefined; readonly tenants?: readonly string[] | undefined },
): NamePattern {
  const around = aroundPlaceholder(source);
  const problem = patternProblem(source);
  if (around === undefined || problem !== undefined) throw new TypeError(problem);
  return { kind: 'pattern', source, tenantClaim, tenants: tenants && new Set(tenants), ...around };
}

/** Returns the tenant that `iss` names; undefined if `iss` as a whole does not match. */
export function tenantOf({ before, after }: Pick<NamePattern, 'before' | 'after'>, issuer: string): string | undefined {
  if (!issuer.startsWith(before) || !issuer.endsWith(after)) return undefined;
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return issuer.length > before.length + after.length && TENANT.test(tenant) ? tenant : undefined;
}

/**
 * Checks what a token must say beside the right `iss`, once its signature is verified.
 * @returns a sentence without a value of the token, if something is wrong
 */
export function faultOfName(name: IssuerName, claims: Claims): string | undefined {
  if (name.kind === 'trust_domain') {
    return isSpiffeId(claimOf(claims, 'sub'), name.domain) ? undefined : 'the sub is no SPIFFE id of the trust domain';
  }
  const issuer = claimOf(claims, 'iss');
  if (typeof issuer !== 'string') return 'the token has no iss';
  if (name.kind === 'exact') return name.names.includes(issuer) ? undefined : 'the iss of the token is another one';
  const tenant = tenantOf(name, issuer);
  if (tenant === undefined) return 'the iss of the token does not match the pattern';
  if (name.tenants?.has(tenant) === false) return 'the tenant of the token is not among the tenants';
  if (name.tenantClaim !== undefined && claimOf(claims, name.tenantClaim) !== tenant) {
    return `the claim ${JSON.stringify(name.tenantClaim)} names another tenant than the iss of the token`;
  }
  return undefined;
}

/**
 * Returns the names of a verified token's issuer. A client application that lists one of them belongs to this issuer.
 */
export function namesFor(name: IssuerName, claims: Claims): readonly string[] {
  if (name.kind === 'trust_domain') return [`spiffe://${name.domain}`];
  const issuer = claimOf(claims, 'iss');
  const own = typeof issuer === 'string' ? [issuer] : [];
  return name.kind === 'pattern' ? [...own, name.source] : own;
}

/**
 * Whether a key may sign for an issuer. Microsoft Entra's key sets say it for each key (`issuer`), where `{tenantid}`
 * stands for any tenant: keys for personal accounts must not sign tokens of an organisation.
 */
export function signsFor(ofKey: string | undefined, issuer: unknown): boolean {
  if (ofKey === undefined) return true;
  if (typeof issuer !== 'string') return false;
  const around = aroundPlaceholder(ofKey);
  return around === undefined ? ofKey === issuer : tenantOf(around, issuer) !== undefined;
}

/** SPIFFE-ID 2.1 and 2.2: a path of at least one segment, none of them empty or made of dots. */
export function isSpiffeId(id: unknown, domain: string): boolean {
  if (typeof id !== 'string' || id.length > 2048) return false;
  const prefix = `spiffe://${domain}/`;
  if (!id.startsWith(prefix)) return false;
  return id
    .slice(prefix.length)
    .split('/')
    .every((segment) => /^[A-Za-z0-9._-]+$/.test(segment) && segment !== '.' && segment !== '..');
}

/** The trust domain of a SPIFFE id; undefined for anything else. */
export function trustDomainOf(id: unknown): string | undefined {
  return typeof id === 'string' ? /^spiffe:\/\/([a-z0-9._-]{1,255})\//.exec(id)?.[1] : undefined;
}
