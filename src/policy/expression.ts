import { z } from 'zod';
import type { Read } from '../cel/code.ts';
import type { Identity } from '../contract/identity.ts';
import { forwardedUri } from '../request/forwarded-client-cert.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import { compileCelSelection } from './cel-expression.ts';
import { spiffeId } from './cel-variables.ts';
import type { HeaderRead } from './header-read.ts';
import type { Need, Request } from './policy.ts';
import { seenHeader } from './seen-headers.ts';
import { headersAmong, metadataAmong } from './selection.ts';
import type { Selection } from './selection.ts';

export type { Selection } from './selection.ts';

/** An expression as a document writes it: `#[…]`, a literal, or CEL. */
export type ExpressionSource = string | { readonly cel: string };

const celSource = z.strictObject({ cel: z.string().min(1).describe('An expression of CEL (docs/expressions.md)') });

/** The schema of an option that takes an expression. `expressionFault` reports what is wrong with one. */
export const expressionOption = z.union([z.string().min(1), celSource]);

/** The same, but an empty text means that there is none. */
export const expressionOrNone = z.union([z.string(), celSource]);

const WRAPPED = /^\s*#\[([\s\S]*)\]\s*$/;
const KEYED =
  /^(attributes\.headers|attributes\.queryParams|vars\.claimSet)(?:\.([A-Za-z_$][\w$-]*)|\[\s*(?:'([^']+)'|"([^"]+)")\s*\])$/;

const OF_CLIENTS: ReadonlySet<string> = new Set(['client', 'contract', 'tier']);

export const SUPPORTED_EXPRESSIONS =
  "#[attributes.headers['x']], #[attributes.queryParams['x']], #[attributes.method], #[attributes.requestPath], " +
  '#[attributes.remoteAddress], #[vars.claimSet.x], #[authentication.principal], #[source.principal], #[source.spiffeId], ' +
  '#[source.forwardedSpiffeId], or a literal without #[';

/**
 * Compiles CEL, or `#[…]`: a plain selection by the reference's names, nothing more. A string without `#[` is a literal.
 * @throws TypeError that says what is supported, or where in CEL what is wrong
 */
export function compileExpression(source: ExpressionSource): Selection {
  if (typeof source !== 'string') return compileCelSelection(source.cel);
  const wrapped = WRAPPED.exec(source);
  if (wrapped === null) {
    if (source.includes('#[')) throw unsupported(source);
    return selection(source, [], () => source);
  }
  const body = (wrapped[1] ?? '').trim();
  switch (body) {
    case 'attributes.method':
      return selection(source, [of('request', 'method')], (request) => request.check.method);
    case 'attributes.requestPath':
      return selection(source, [of('request', 'path')], (request) => request.path.path);
    case 'attributes.remoteAddress':
      return selection(source, [of('request', 'address')], (request) => request.clientAddress || undefined);
    case 'authentication.principal':
      return selection(source, [of('client', 'id'), { variable: 'claims', key: 'sub' }], principal);
    case 'source.principal':
      return selection(source, [of('source', 'principal')], ({ check }) => check.sourcePrincipal || undefined);
    case 'source.spiffeId':
      return selection(source, [of('source', 'spiffeId')], ({ check }) => spiffeId(check.sourcePrincipal));
    case 'source.forwardedSpiffeId':
      return selection(source, [of('source', 'forwardedSpiffeId')], ({ check, trustedHops }) =>
        spiffeId(forwardedUri(check, trustedHops)),
      );
  }
  const keyed = KEYED.exec(body);
  const key = keyed?.[2] ?? keyed?.[3] ?? keyed?.[4];
  if (keyed === null || key === undefined) throw unsupported(source);
  switch (keyed[1]) {
    case 'attributes.headers':
      return headerSelection(source, key.toLowerCase());
    case 'attributes.queryParams':
      return {
        ...selection(source, [of('request', 'query', key)], (request) => queryParameter(request.path.query, key)),
        fromQuery: true,
      };
    default:
      return {
        ...selection(source, [{ variable: 'claims', key }], (request, identity = request.identity) =>
          claim(identity, key),
        ),
        fromClaims: true,
      };
  }
}

function selection(source: string, reads: readonly Read[], select: Selection['select']): Selection {
  return { source, reads, headerName: undefined, fromQuery: false, fromClaims: false, select };
}

function of(variable: string, field: string, key?: string): Read {
  return key === undefined ? { variable, field } : { variable, field, key };
}

function headerSelection(source: string, name: string): Selection {
  const canonical = canonicalHeaderName(name);
  return {
    ...selection(source, [of('request', 'headers', name)], (request) => seenHeader(request, name, canonical)),
    headerName: name,
  };
}

/** A header with underscores in its name, or with dashes instead; undefined if a request has both. */
export function eitherSpelling(name: string): Selection {
  const otherHeaderName = name.replaceAll('_', '-');
  const [written, dashed] = [headerSelection(name, name), headerSelection(name, otherHeaderName)];
  const select: Selection['select'] = (request) => {
    const [first, second] = [written.select(request), dashed.select(request)];
    return first !== undefined && second !== undefined ? undefined : (first ?? second);
  };
  return { ...selection(name, [...written.reads, ...dashed.reads], select), headerName: name, otherHeaderName };
}

/** What the expressions of options need: claims and a client of earlier policies, metadata of Envoy. */
export function expressionNeeds(options: Readonly<Record<string, unknown>>): readonly Need[] {
  const needs: Need[] = [];
  for (const [field, source] of Object.entries(options)) {
    if (!isExpression(source)) continue;
    const { fromClaims, reads } = compileExpression(source);
    if (fromClaims) needs.push({ what: 'claims', field });
    // A `#[…]` selection finds another value if there is no client, so only CEL needs one.
    if (typeof source !== 'string' && reads.some(({ variable }) => OF_CLIENTS.has(variable))) {
      needs.push({ what: 'client', field });
    }
    needs.push(...metadataAmong(reads).map((namespace) => ({ what: { metadata: namespace }, field })));
  }
  return needs;
}

/** The request headers that the expressions of options select. */
export function headerReads(options: Readonly<Record<string, unknown>>): readonly HeaderRead[] {
  return Object.entries(options).flatMap(([field, source]): readonly HeaderRead[] => {
    if (!isExpression(source)) return [];
    return headersAmong(compileExpression(source).reads).map((header) => ({ field, header }));
  });
}

/** Options can also be numbers and the like. An empty text selects nothing. */
export function isExpression(option: unknown): option is ExpressionSource {
  if (typeof option === 'object' && option !== null) return 'cel' in option && typeof option.cel === 'string';
  return typeof option === 'string' && option !== '';
}

function unsupported(source: string): TypeError {
  return new TypeError(
    `the expression ${JSON.stringify(source)} is not supported; supported are ${SUPPORTED_EXPRESSIONS}`,
  );
}

/** Who was authenticated: the client application; otherwise the subject of the token (RFC 7519, 4.1.2). */
function principal(request: Request, identity = request.identity): string | undefined {
  return identity.client?.clientId ?? claim(identity, 'sub');
}

function claim({ claims }: Identity, name: string): string | undefined {
  const value = claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === 'string') return value;
  // A double loses digits of an integer beyond 2^53 − 1: two subjects could look the same.
  if (typeof value === 'number')
    return Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : undefined;
  return typeof value === 'boolean' ? String(value) : undefined;
}

/** Repeated parameters are joined like headers, so a repeated credential matches nothing. */
function queryParameter(text: string, name: string): string | undefined {
  if (text === '') return undefined;
  const values = new URLSearchParams(text).getAll(name);
  return values.length === 0 ? undefined : values.join(',');
}
