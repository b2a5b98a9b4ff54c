import { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import type { AccessPolicy, Outcome } from '../policy/policy.ts';
import type { Check } from '../request/check.ts';

/** Why a body is refused. */
export interface BodyFault {
  readonly kind: 'malformed' | 'limit';
  /** A text without anything from the body. */
  readonly problem: string;
  /** The index of the byte. */
  readonly at: number;
}

declare module '../denial/denial.ts' {
  interface Reasons {
    body_unseen: object;
    body_malformed: object;
    body_too_complex: object;
  }
}

/** Reasons of every policy that checks bodies. */
export const BODY_REASONS = {
  body_unseen: {
    httpStatus: 503,
    sentence: 'The service is temporarily unavailable.',
    headers: () => [['retry-after', '5']],
    meaning: "a policy needs the request's body, and Envoy does not send it, or not as bytes",
  },
  body_malformed: {
    httpStatus: 400,
    sentence: 'The body of the request is malformed.',
    meaning: 'the body is not what its API takes: malformed, ambiguous, cut off or compressed',
  },
  body_too_complex: {
    httpStatus: 400,
    sentence: 'The body of the request is too complex.',
    meaning: 'the body is deeper, longer or larger in number than a policy allows',
  },
} as const satisfies Partial<ReasonTable>;

const PASSED: Outcome = {};

/** An option that sets a limit; −1: no limit. */
export function limitOption(most: number) {
  return z.int().min(-1).max(most).default(-1);
}

export function limitOf(written: number, most = Infinity): number {
  return written < 0 ? most : written;
}

export const otherContentTypes = z.enum(['check', 'pass']).default('check');

interface BodyPolicyOptions {
  /** The option that needs the body: faults name it if Envoy does not send bodies. */
  readonly field: string;
  readonly syntax: 'json' | 'xml';
  readonly otherContentTypes: 'check' | 'pass';
  readonly scan: (bytes: Buffer) => BodyFault | undefined;
}

/** A policy that checks bodies of one syntax. */
export function bodyPolicy({ field, syntax, otherContentTypes: others, scan }: BodyPolicyOptions): AccessPolicy {
  const isMeant = (mediaType: string): boolean =>
    mediaType === `application/${syntax}` || mediaType === `text/${syntax}` || mediaType.endsWith(`+${syntax}`);
  return {
    phase: 'access',
    identityHeaders: [],
    requires: [{ what: 'body', field }],
    decide({ check }): Outcome {
      return others === 'pass' && isOtherThan(check, isMeant) ? PASSED : judgeBody(check, scan);
    },
  };
}

/** Checks the body of a request by a scan of its bytes. */
function judgeBody(check: Check, scan: (bytes: Buffer) => BodyFault | undefined): Outcome {
  const body = requestBody(check);
  if (body === undefined) return PASSED;
  if ('reason' in body) return body;
  const fault = scan(body.bytes);
  if (fault === undefined) return PASSED;
  const reason = fault.kind === 'limit' ? 'body_too_complex' : 'body_malformed';
  return { reason, detail: `the body is refused: ${fault.problem}, at byte ${fault.at}` };
}

/** In this header Envoy says whether it has cut the body off. */
const PARTIAL = 'x-envoy-auth-partial-body';
/** Methods whose requests usually have no body: without a header about its length, a request has none. */
const WITHOUT_BODY = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'TRACE']);
const UTF8 = new Set(['utf-8', 'utf8', 'us-ascii']);

/**
 * Returns the whole body of a request, in UTF-8.
 * @returns undefined if the request has no body; a denial if the body can't be seen whole, as the upstream will read
 * it
 */
function requestBody(check: Check): { readonly bytes: Buffer } | Denial | undefined {
  if (check.hasTextBody) {
    return unseen('Envoy sends it as text, in which bytes are replaced: set pack_as_bytes in with_request_body');
  }
  // With `upgrade`, Envoy sends no body, although there may be a body or a stream.
  if (check.header('upgrade') !== undefined) return unseen('none of a request with upgrade is sent');
  const { rawBody } = check;
  if (rawBody === undefined) return hasNone(check) ? undefined : unseen('set with_request_body in its filter');
  if ((check.header(PARTIAL) ?? 'false') !== 'false')
    return malformed('Envoy has cut it off: unset allow_partial_message');
  const encoding = check.header('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') return malformed('it is compressed');
  if (!charsetsOf(check.header('content-type')).every((charset) => UTF8.has(charset)))
    return malformed('its charset is not UTF-8');
  return { bytes: Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.length) };
}

/**
 * Whether a request declares a body of another type than these. A content-type that is missing, repeated or malformed
 * declares nothing: an upstream may read the body as one of these.
 */
function isOtherThan(check: Check, isMeant: (mediaType: string) => boolean): boolean {
  const written = check.header('content-type');
  if (written === undefined || written.includes(',')) return false;
  const [essence = ''] = written.split(';', 1);
  const mediaType = essence.trim().toLowerCase();
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(mediaType) && !isMeant(mediaType);
}

/**
 * Without a header about its length, a request may still have a body: in HTTP/2, and in HTTP/1.1 with chunks, because
 * Envoy removes `transfer-encoding` before it asks.
 */
function hasNone(check: Check): boolean {
  const length = check.header('content-length');
  return length === undefined ? WITHOUT_BODY.has(check.method) : /^0+$/.test(length.trim());
}

/**
 * Lists all charsets that an upstream could find: it may use any of several, read one inside quotes, or accept a name
 * with a star (RFC 8187).
 */
function charsetsOf(contentType = ''): readonly string[] {
  const found = contentType.matchAll(/charset\s*\*?\s*=\s*("?)([^";,\s]*)\1/gi);
  return Array.from(found, ([, , name = '']) => name.toLowerCase());
}

function unseen(detail: string): Denial {
  return { reason: 'body_unseen', detail: `Envoy sends no body that can be judged: ${detail}` };
}

function malformed(detail: string): Denial {
  return { reason: 'body_malformed', detail: `the body is refused: ${detail}` };
}
