import { z } from 'zod';
import type { Request } from '../policy/policy.ts';
import { canonicalHeaderName } from '../request/header-name.ts';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Headers that belong to a connection, frame a message or name its target (RFC 9110, 7.6.1; RFC 9113, 8.2.2). Envoy
 * sets them on both sides.
 */
const FRAMING = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Prefixes of headers that belong to Envoy, to gRPC, or to ostiary itself. */
const OWNED_PREFIXES = ['x-envoy-', 'x-ostiary-', 'grpc-', 'proxy-'];
/** Headers in which Envoy describes a request to the upstream. */
const TOLD_BY_ENVOY = new Set([
  'via',
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-request-id',
]);
/** Headers that Envoy writes into every answer, after ostiary. */
const WRITTEN_BY_ENVOY = new Set(['date', 'server']);

/** Where a header goes, and what a policy does with it. */
export type HeaderUse =
  | 'set for the upstream'
  | 'set for the caller'
  | 'removed for the upstream'
  | 'removed for the caller';

/** Says whose header it is if documents may not touch it in this way. Undefined if they may. */
export function ownerOf(name: string, use: HeaderUse): string | undefined {
  const canonical = canonicalHeaderName(name);
  if (name.startsWith(':') || FRAMING.has(canonical)) return 'that Envoy frames and routes messages by';
  if (OWNED_PREFIXES.some((prefix) => canonical.startsWith(prefix))) return "of Envoy's, gRPC's or ostiary's own";
  const isForCaller = use === 'set for the caller' || use === 'removed for the caller';
  const isRemoved = use === 'removed for the upstream' || use === 'removed for the caller';
  if (isForCaller && WRITTEN_BY_ENVOY.has(canonical)) return 'that Envoy writes into every answer itself';
  if (isRemoved) return canonical === 'content-type' ? 'without which a body is read by guessing' : undefined;
  if (isForCaller) return canonical.startsWith('access-control-') ? 'of CORS: bind the policy cors' : undefined;
  return TOLD_BY_ENVOY.has(canonical) ? 'by which Envoy tells of a request' : undefined;
}

/** The name of a header for one use: lower case in the result. */
export function headerNameFor(use: HeaderUse) {
  return z
    .string()
    .transform((name) => name.toLowerCase())
    .superRefine((name, context) => {
      const owner = ownerOf(name, use);
      const message =
        owner === undefined
          ? TOKEN.test(name) || name.startsWith(':')
            ? undefined
            : `${JSON.stringify(name)} is not a header name (RFC 9110, 5.1)`
          : `${name} is a header ${owner}; it can't be ${use}`;
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
}

/**
 * Request headers that callers send for their own purposes (RFC 9110; RFC 6265). They are not removed from the
 * requests of other APIs.
 */
const CALLERS_OWN = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'authorization',
  'cache-control',
  'content-language',
  'content-location',
  'content-type',
  'cookie',
  'dnt',
  'forwarded',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'origin',
  'pragma',
  'prefer',
  'priority',
  'range',
  'referer',
  'sec-gpc',
  'traceparent',
  'tracestate',
  'user-agent',
]);

export function isCallersOwn(name: string): boolean {
  return CALLERS_OWN.has(canonicalHeaderName(name));
}

const NONE: readonly string[] = [];

/**
 * Finds headers of a request that spell one of these names differently (`user_agent`), which some upstreams do not
 * distinguish.
 */
export function spellingsOf(names: readonly string[]): (request: Request) => readonly string[] {
  const canonical = new Set(names.map(canonicalHeaderName));
  const lengths = new Uint8Array(1 + Math.max(0, ...names.map(({ length }) => length)));
  for (const { length } of names) lengths[length] = 1;
  if (names.length === 0) return () => NONE;
  return ({ check }) => {
    const suspects = check.headerNamesWithSigns(lengths);
    if (suspects.length === 0) return NONE;
    return suspects.filter((name) => canonical.has(canonicalHeaderName(name)) && !names.includes(name));
  };
}
