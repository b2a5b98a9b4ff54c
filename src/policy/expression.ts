import type { Identity } from '../contract/identity.ts';
import { forwardedUri } from '../request/forwarded-client-cert.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import type { HeaderRead, Need, Request } from './policy.ts';
import { seenHeader } from './seen-headers.ts';

/** A plain selection from a request, compiled once at load. */
export interface Selection {
  /** As the document wrote it. */
  readonly source: string;
  /** The lower-case name, where it selects a request header. */
  readonly headerName: string | undefined;
  /** A second header in which the same may be. */
  readonly otherHeaderName?: string;
  /** True where it selects from the query, which can't be removed for the upstream. */
  readonly fromQuery: boolean;
  /** True where it selects a claim of a verified token: without a policy that verifies one it finds nothing. */
  readonly fromClaims: boolean;
  /**
   * Undefined where the request has no such thing; repeated ones are joined with a comma.
   * @param identity in place of what earlier policies have established
   */
  select(request: Request, identity?: Identity): string | undefined;
}

const WRAPPED = /^\s*#\[([\s\S]*)\]\s*$/;
const KEYED =
  /^(attributes\.headers|attributes\.queryParams|vars\.claimSet)(?:\.([A-Za-z_$][\w$-]*)|\[\s*(?:'([^']+)'|"([^"]+)")\s*\])$/;

export const SUPPORTED_EXPRESSIONS =
  "#[attributes.headers['x']], #[attributes.queryParams['x']], #[attributes.method], #[attributes.requestPath], " +
  '#[attributes.remoteAddress], #[vars.claimSet.x], #[authentication.principal], #[source.principal], #[source.spiffeId], ' +
  '#[source.forwardedSpiffeId], or a literal without #[';

/**
 * Compiles `#[…]`: a plain selection by the reference's names, nothing more. A string without `#[` is a literal.
 * @throws TypeError that says what is supported
 */
export function compileExpression(source: string): Selection {
  const wrapped = WRAPPED.exec(source);
  if (wrapped === null) {
    if (source.includes('#[')) throw unsupported(source);
    return selection(source, () => source);
  }
  const body = (wrapped[1] ?? '').trim();
  switch (body) {
    case 'attributes.method':
      return selection(source, (request) => request.check.method);
    case 'attributes.requestPath':
      return selection(source, (request) => request.path.path);
    case 'attributes.remoteAddress':
      return selection(source, (request) => request.clientAddress || undefined);
    case 'authentication.principal':
      return selection(source, principal);
    case 'source.principal':
      return selection(source, ({ check }) => check.sourcePrincipal || undefined);
    case 'source.spiffeId':
      return selection(source, ({ check }) => spiffeId(check.sourcePrincipal));
    case 'source.forwardedSpiffeId':
      return selection(source, ({ check, trustedHops }) => spiffeId(forwardedUri(check, trustedHops)));
  }
  const keyed = KEYED.exec(body);
  const key = keyed?.[2] ?? keyed?.[3] ?? keyed?.[4];
  if (keyed === null || key === undefined) throw unsupported(source);
  switch (keyed[1]) {
    case 'attributes.headers':
      return headerSelection(source, key.toLowerCase());
    case 'attributes.queryParams':
      return { ...selection(source, (request) => queryParameter(request.path.query, key)), fromQuery: true };
    default:
      return { ...selection(source, (request, identity = request.identity) => claim(identity, key)), fromClaims: true };
  }
}

function selection(source: string, select: Selection['select']): Selection {
  return { source, headerName: undefined, fromQuery: false, fromClaims: false, select };
}

function headerSelection(source: string, name: string): Selection {
  const canonical = canonicalHeaderName(name);
  return { ...selection(source, (request) => seenHeader(request, name, canonical)), headerName: name };
}

/** A header with underscores in its name, or with dashes in their place; undefined where a request has both. */
export function eitherSpelling(name: string): Selection {
  const otherHeaderName = name.replaceAll('_', '-');
  const [written, dashed] = [headerSelection(name, name), headerSelection(name, otherHeaderName)];
  const select: Selection['select'] = (request) => {
    const [first, second] = [written.select(request), dashed.select(request)];
    return first !== undefined && second !== undefined ? undefined : (first ?? second);
  };
  return { ...selection(name, select), headerName: name, otherHeaderName };
}

/** What the expressions of options need of policies before: claims, where they select one. */
export function claimNeeds(options: Readonly<Record<string, unknown>>): readonly Need[] {
  return Object.entries(options).flatMap(([field, source]): readonly Need[] => {
    if (typeof source !== 'string' || source === '') return [];
    return compileExpression(source).fromClaims ? [{ what: 'claims', field }] : [];
  });
}

/** The request headers that the expressions of options select. */
export function headerReads(options: Readonly<Record<string, unknown>>): readonly HeaderRead[] {
  return Object.entries(options).flatMap(([field, source]): readonly HeaderRead[] => {
    if (typeof source !== 'string' || source === '') return [];
    const { headerName } = compileExpression(source);
    return headerName === undefined ? [] : [{ field, header: headerName }];
  });
}

function unsupported(source: string): TypeError {
  return new TypeError(
    `the expression ${JSON.stringify(source)} is not supported; supported are ${SUPPORTED_EXPRESSIONS}`,
  );
}

/** Who was authenticated: the client application, else the subject of the token (RFC 7519, 4.1.2). */
function principal(request: Request, identity = request.identity): string | undefined {
  return identity.client?.clientId ?? claim(identity, 'sub');
}

/** What a workload is called where certificates name it (SPIFFE); undefined of another name. */
function spiffeId(name: string | undefined): string | undefined {
  return name?.startsWith('spiffe://') === true ? name : undefined;
}

function claim({ claims }: Identity, name: string): string | undefined {
  const value = claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === 'string') return value;
  // Of an integer beyond 2^53 − 1 digits are lost: two subjects could look like one.
  if (typeof value === 'number')
    return Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : undefined;
  return typeof value === 'boolean' ? String(value) : undefined;
}

/** Joined like headers, so that a repeated credential is one that matches nothing. */
function queryParameter(query: string, name: string): string | undefined {
  if (query === '') return undefined;
  const values = new URLSearchParams(query).getAll(name);
  return values.length === 0 ? undefined : values.join(',');
}
