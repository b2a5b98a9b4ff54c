import { z } from 'zod';
import { problemOfDocumentUrl } from '../egress/document-url.ts';
import type { Algorithm } from '../jwt/algorithms.ts';
import { isShared } from '../jwt/algorithms.ts';
import { metadataUrlOf } from '../jwt/discovery.ts';
import { isPattern, namePattern, patternProblem } from '../jwt/issuer-name.ts';
import type { IssuerName } from '../jwt/issuer-name.ts';
import { keysFromText } from '../jwt/text-key.ts';
import { algorithmList, listByComma, listOf, text, textOrList } from './jwt-validation-fields.ts';
import type { Report } from './jwt-validation-fields.ts';

/** The algorithms that may sign a JWT-SVID (SPIFFE JWT-SVID, 2.1). */
const SVID_ALGORITHMS: readonly Algorithm[] = [
  ...(['RS256', 'RS384', 'RS512'] as const),
  ...(['ES256', 'ES384', 'ES512'] as const),
  ...(['PS256', 'PS384', 'PS512'] as const),
];

/** One of several issuers, with the rules for its tokens. */
export const issuerEntry = z.strictObject({
  issuer: textOrList
    .optional()
    .describe('iss of its tokens: one name, several names of one issuer, or a pattern with one {placeholder}'),
  spiffeTrustDomain: z
    .string()
    .max(255)
    .regex(/^[a-z0-9._-]+$/, 'expected a SPIFFE trust domain such as example.org, without spiffe://')
    .optional()
    .describe('In place of issuer: JWT-SVIDs whose sub is a SPIFFE id of this trust domain'),
  tenantClaim: text.optional().describe('With a pattern: the claim that must name the same tenant, such as tid'),
  tenants: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'expected a tenant: letters, digits, "_" and "-"'))
    .min(1)
    .optional()
    .describe('With a pattern: those that count; absent: any'),
  discovery: z
    .union([z.literal(true), text])
    .optional()
    .describe('true: its metadata below issuer name its key set; or the URL of the metadata'),
  jwksUrl: listByComma.optional().describe('One URL of a JWK set, or several by comma or as a list'),
  textKey: z.string().min(1).optional().describe('As the textKey of a single issuer'),
  algorithms: algorithmList
    .optional()
    .meta({ default: ['RS256'] })
    .describe('The allow-list for its tokens'),
  audience: textOrList.optional().describe('One of these must be in aud; absent: aud is not looked at'),
});

export type IssuerEntry = z.infer<typeof issuerEntry>;

/** Reports entries that are ambiguous or have no effect. */
export function reportIssuers(entries: readonly IssuerEntry[], allowInsecure: boolean, report: Report): void {
  const seen = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const tell: Report = (field, message) => report(['issuers', index, ...[field].flat()], message);
    reportName(entry, tell);
    reportKeys(entry, { option: 'allowInsecureJwks', isSet: allowInsecure }, tell);
    for (const name of namesOf(entry)) {
      const first = seen.get(name);
      if (first === undefined) seen.set(name, index);
      else {
        const field = entry.spiffeTrustDomain === undefined ? 'issuer' : 'spiffeTrustDomain';
        tell(
          field,
          first === index ? 'is named twice' : `is the name of issuers[${first}] too: whose keys would count?`,
        );
      }
    }
  }
}

/**
 * The names in the form in which they are compared: patterns that differ only in the name of their placeholder are
 * equal.
 */
function namesOf({ issuer, spiffeTrustDomain }: IssuerEntry): readonly string[] {
  const names = issuer === undefined ? [] : [issuer].flat();
  const ofDomain = spiffeTrustDomain === undefined ? [] : [`spiffe://${spiffeTrustDomain}`];
  return [...names.map((name) => name.replace(/\{[^{}]*\}/, '{}')), ...ofDomain];
}

function reportName(entry: IssuerEntry, tell: Report): void {
  const { issuer, spiffeTrustDomain, tenantClaim, tenants, audience } = entry;
  if (issuer === undefined && spiffeTrustDomain === undefined) {
    tell([], 'needs issuer, whose tokens say it in iss, or spiffeTrustDomain');
  }
  if (issuer !== undefined && spiffeTrustDomain !== undefined) {
    tell('spiffeTrustDomain', 'stands in place of issuer: make two entries of them');
  }
  if (spiffeTrustDomain !== undefined && audience === undefined) {
    tell('audience', 'is missing: a JWT-SVID counts only for its audience (SPIFFE JWT-SVID, 3)');
  }
  const names = [issuer ?? []].flat();
  const patterns = names.filter(isPattern);
  if (patterns.length > 0 && names.length > 1) tell('issuer', 'a pattern stands alone: make an entry of its own of it');
  for (const pattern of patterns) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) tell('issuer', problem);
  }
  for (const field of ['tenantClaim', 'tenants'] as const) {
    if (patterns.length > 0) continue;
    const value = field === 'tenants' ? tenants : tenantClaim;
    if (value !== undefined) tell(field, 'has no effect without a pattern, such as issuer: https://…/{tenant}/v2.0');
  }
}

interface Insecure {
  readonly option: string;
  readonly isSet: boolean;
}

function reportDiscovery(
  { discovery, issuer, spiffeTrustDomain }: IssuerEntry,
  insecure: Insecure,
  tell: Report,
): void {
  if (discovery === undefined) return;
  if (spiffeTrustDomain !== undefined) return tell('discovery', 'is for issuers: give jwksUrl, where the bundle is');
  const names = [issuer ?? []].flat();
  if (discovery === true && (names.length !== 1 || names.some(isPattern))) {
    return tell(
      'discovery',
      'needs a URL here, since issuer is not one name: that of the metadata, or what comes before /.well-known/',
    );
  }
  const problem = problemOfDocumentUrl(discovery === true ? (names[0] ?? '') : discovery, insecure);
  if (problem !== undefined) tell('discovery', discovery === true ? `takes issuer for a URL: ${problem}` : problem);
}

function reportKeys(entry: IssuerEntry, insecure: Insecure, tell: Report): void {
  const { textKey, spiffeTrustDomain } = entry;
  const urls = listOf(entry.jwksUrl);
  const allowed = algorithmsOf(entry);
  const shared = new Set(allowed.map(isShared));
  if (shared.has(true) && shared.has(false)) {
    tell('algorithms', 'a shared secret (HS…) and public keys can not be mixed: make an entry for each');
  } else if (shared.has(true) && textKey === undefined) {
    tell('algorithms', 'a published key set holds no shared secrets: HMAC needs textKey');
  }
  if (spiffeTrustDomain !== undefined && !allowed.every((name) => SVID_ALGORITHMS.includes(name))) {
    tell('algorithms', `a JWT-SVID is signed with one of ${SVID_ALGORITHMS.join(', ')}`);
  }
  const given = [
    ...(entry.discovery === undefined ? [] : (['discovery'] as const)),
    ...(urls.length === 0 ? [] : (['jwksUrl'] as const)),
    ...(textKey === undefined ? [] : (['textKey'] as const)),
  ];
  if (given.length === 0) tell([], 'has no keys: an issuer needs discovery, jwksUrl or textKey');
  if (given.length > 1) tell(given[1] ?? [], `and ${given[0]} exclude each other: remove one of the two`);
  reportDiscovery(entry, insecure, tell);
  for (const url of urls) {
    const problem = problemOfDocumentUrl(url, insecure);
    if (problem !== undefined) tell('jwksUrl', problem);
  }
  if (textKey === undefined) return;
  try {
    keysFromText(textKey, allowed);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    tell('textKey', error.message);
  }
}

export function algorithmsOf({ algorithms, spiffeTrustDomain }: IssuerEntry): readonly Algorithm[] {
  return algorithms ?? (spiffeTrustDomain === undefined ? ['RS256'] : SVID_ALGORITHMS);
}

export function issuerNameOf({ issuer, spiffeTrustDomain, tenantClaim, tenants }: IssuerEntry): IssuerName {
  if (spiffeTrustDomain !== undefined) return { kind: 'trust_domain', domain: spiffeTrustDomain };
  const names = [issuer ?? []].flat();
  const pattern = names.find(isPattern);
  return pattern === undefined ? { kind: 'exact', names } : namePattern(pattern, { tenantClaim, tenants });
}

/** The URL of an issuer's metadata; undefined if its keys are known without metadata. */
export function discoveryUrlOf({ discovery, issuer }: IssuerEntry): string | undefined {
  if (discovery === undefined) return undefined;
  return metadataUrlOf(discovery === true ? ([issuer ?? []].flat()[0] ?? '') : discovery);
}
