import type { MessageInitShape } from '@bufbuild/protobuf';
import { Credential_Kind as Kind } from '../../../gen/ostiary/v1/catalog_pb.js';
import type { AuthenticationWaySchema, CredentialSchema } from '../../../gen/ostiary/v1/catalog_pb.js';
import { isRecord } from '../../document/load.ts';
import { DEFAULT_ID, DEFAULT_SECRET } from '../../policy/credential-headers.ts';
import { valueAt } from '../facts.ts';

type Json = Readonly<Record<string, unknown>>;
type CredentialMessage = MessageInitShape<typeof CredentialSchema>;
type Way = readonly CredentialMessage[];

const MOST_WAYS = 8;
const USUAL_ORDER = 50;
/** What tells which client application calls. */
const IDENTIFYING: ReadonlySet<unknown> = new Set([
  Kind.CLIENT,
  Kind.CLIENT_BASIC,
  Kind.API_KEY,
  Kind.TOKEN,
  Kind.CERTIFICATE,
]);
const BEARER = { header: 'authorization', scheme: 'Bearer' };

/**
 * How callers of an API prove who they are, as its policies say: where a credential stands, and never what it is compared
 * with. A policy that applies to some requests alone counts where no other tells.
 * @param policies of the API, and bindings that apply to it, as their documents are written
 */
export function authenticationWays(policies: readonly unknown[]): MessageInitShape<typeof AuthenticationWaySchema>[] {
  const enforced = policies
    .filter(isRecord)
    .filter(({ mode }) => mode !== 'shadow')
    .toSorted((a, b) => Number(takesEarlier(a)) - Number(takesEarlier(b)) || orderOf(a) - orderOf(b));
  const always = enforced.filter(({ rules, when }) => rules === undefined && when === undefined);
  const ways = combined(always);
  return (ways.length === 0 ? combined(enforced) : ways).map((credentials) => ({ credentials: [...credentials] }));
}

function orderOf({ order }: Json): number {
  return typeof order === 'number' ? order : USUAL_ORDER;
}

/** Each policy wants its own: of groups any alternative does. */
function combined(policies: readonly Json[]): readonly Way[] {
  let ways: readonly Way[] = [[]];
  for (const policy of policies) {
    const own = waysOf(policy);
    if (own.length === 0) continue;
    const isContent = (way: Way): boolean => takesEarlier(policy) && way.some(({ kind }) => IDENTIFYING.has(kind));
    ways = ways.flatMap((way) => (isContent(way) ? [way] : own.map((more) => merged(way, more)))).slice(0, MOST_WAYS);
  }
  return ways.filter((way) => way.length > 0);
}

/** Whether a policy takes the client application that one before it has found. */
function takesEarlier({ policyRef, config }: Json): boolean {
  if (valueAt(policyRef, ['name']) !== 'rate-limiting-sla') return false;
  return (
    valueAt(config, ['clientIdExpression']) === undefined && valueAt(config, ['clientSecretExpression']) === undefined
  );
}

/** Two policies may look at the same credential. */
function merged(way: Way, more: Way): Way {
  const known = new Set(way.map(placeOf));
  return [...way, ...more.filter((each) => !known.has(placeOf(each)))];
}

function placeOf({ kind, header, query }: CredentialMessage): string {
  return JSON.stringify([kind === Kind.CLIENT_BASIC ? Kind.USER : kind, header, query]);
}

function waysOf(policy: Json): readonly Way[] {
  const alternatives = valueAt(policy, ['authentication', 'anyOf']);
  if (!Array.isArray(alternatives)) {
    const one = credentialOf(policy);
    return one === undefined ? [] : [[one]];
  }
  return alternatives.filter(isRecord).flatMap((alternative): readonly Way[] => {
    const parts = Array.isArray(alternative['allOf']) ? alternative['allOf'].filter(isRecord) : [alternative];
    const found = parts.map(credentialOf).filter((each) => each !== undefined);
    return found.length === 0 ? [] : [found];
  });
}

/** @returns undefined: it authenticates nobody */
function credentialOf(policy: Json): CredentialMessage | undefined {
  const config = isRecord(policy['config']) ? policy['config'] : {};
  switch (valueAt(policy, ['policyRef', 'name'])) {
    case 'client-id-enforcement':
    case 'rate-limiting-sla':
      return clientCredential(config);
    case 'api-key':
      return { kind: Kind.API_KEY, ...placeIn(config['places'], { header: 'x-api-key' }) };
    case 'jwt-validation':
      return { ...tokenPlace(config), kind: Kind.TOKEN, issuers: issuersOf(config), scopes: scopesOf(config) };
    case 'oauth2-token-introspection':
    case 'external-oauth2-access-token-enforcement':
    case 'openidconnect-access-token-enforcement':
      return { ...BEARER, kind: Kind.TOKEN, issuers: issuersOf(config), scopes: scopesOf(config) };
    case 'http-basic-authentication':
    case 'ldap-authentication':
      return { kind: Kind.USER, header: 'authorization', scheme: 'Basic' };
    case 'workload-identity':
      return { kind: Kind.CERTIFICATE };
    default:
      return undefined;
  }
}

function clientCredential(config: Json): CredentialMessage {
  if (config['credentialsOriginHasHttpBasicAuthenticationHeader'] === 'httpBasicAuthenticationHeader')
    return { kind: Kind.CLIENT_BASIC, header: 'authorization', scheme: 'Basic' };
  const id = expressionPlace(config['clientIdExpression'] ?? DEFAULT_ID);
  // Of a token's claims, or what else a policy before has found.
  if (id === undefined) return { kind: Kind.OTHER };
  const written = config['clientSecretExpression'] ?? DEFAULT_SECRET;
  const secret = written === '' ? undefined : expressionPlace(written);
  return { kind: Kind.CLIENT, ...id, secretHeader: secret?.header ?? '' };
}

interface Place {
  readonly header?: string;
  readonly query?: string;
  readonly scheme?: string;
}

/** @returns undefined: it selects something else than one header or parameter */
function expressionPlace(expression: unknown): Place | undefined {
  const found = /^#\[attributes\.(headers|queryParams)\['([^'\\]+)'\]\]$/.exec(String(expression));
  if (found === null) return undefined;
  const [, where, name = ''] = found;
  return where === 'headers' ? { header: name.toLowerCase() } : { query: name };
}

function placeIn(places: unknown, usual: Place): Place {
  const [first] = Array.isArray(places) ? places.filter(isRecord) : [];
  if (first === undefined) return usual;
  const text = (field: string): string => (typeof first[field] === 'string' ? first[field] : '');
  return { header: text('header').toLowerCase(), query: text('query'), scheme: text('scheme') };
}

function tokenPlace({ places, jwtOrigin, jwtExpression }: Json): Place {
  if (places !== undefined) return placeIn(places, BEARER);
  if (jwtOrigin !== 'customExpression') return BEARER;
  return expressionPlace(jwtExpression) ?? {};
}

/** Those that are addresses. */
function issuersOf({ issuer, issuers }: Json): string[] {
  const all: readonly unknown[] = [issuer, ...(Array.isArray(issuers) ? issuers : [])].flat();
  const names = all.map((each) => (isRecord(each) ? each['issuer'] : each));
  return [...new Set(names.filter((name) => typeof name === 'string' && /^https?:\/\//.test(name)))] as string[];
}

function scopesOf({ scopes }: Json): string[] {
  const all = typeof scopes === 'string' ? scopes.split(/[\s,]+/) : Array.isArray(scopes) ? scopes : [];
  return all.filter((each) => typeof each === 'string' && each !== '') as string[];
}
