import type { Denial } from '../denial/denial.ts';
import type { Check } from '../request/check.ts';

/** Where Envoy says whether it has sent the whole body. */
const PARTIAL = 'x-envoy-auth-partial-body';
/** Methods whose requests mostly have no body, so that one without a word of its length has none. */
const WITHOUT_BODY = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'TRACE']);
const UTF8 = new Set(['utf-8', 'utf8', 'us-ascii']);

/**
 * The whole body of a request, in UTF-8.
 * @returns undefined where the request has none; a denial where it can't be seen whole, as the upstream will read it
 */
export function requestBody(check: Check): { readonly bytes: Buffer } | Denial | undefined {
  if (check.hasTextBody) {
    return unseen('Envoy sends it as text, in which bytes are replaced: set pack_as_bytes in with_request_body');
  }
  const { rawBody } = check;
  if (rawBody === undefined) return hasNone(check) ? undefined : unseen('set with_request_body in its filter');
  if ((check.header(PARTIAL) ?? 'false') !== 'false')
    return malformed('Envoy has cut it off: unset allow_partial_message');
  const encoding = check.header('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') return malformed('it is compressed');
  const charset = charsetOf(check.header('content-type'));
  if (charset !== undefined && !UTF8.has(charset)) return malformed('its charset is not UTF-8');
  return { bytes: Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.length) };
}

/**
 * Whether a request says that its body is of another type than these. What says none, or several, or one that is none,
 * says it of nothing: an upstream may take it for one of these.
 */
export function isOtherThan(check: Check, isMeant: (mediaType: string) => boolean): boolean {
  const written = check.header('content-type');
  if (written === undefined || written.includes(',')) return false;
  const [essence = ''] = written.split(';', 1);
  const mediaType = essence.trim().toLowerCase();
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(mediaType) && !isMeant(mediaType);
}

/** A request has a body where it says so (RFC 9112, 6.3). In HTTP/2 it need not say it. */
function hasNone(check: Check): boolean {
  const length = check.header('content-length');
  if (length !== undefined) return /^0+$/.test(length.trim());
  if (check.header('transfer-encoding') !== undefined) return false;
  return check.protocol.startsWith('HTTP/1') || WITHOUT_BODY.has(check.method);
}

function charsetOf(contentType: string | undefined): string | undefined {
  const found = /;\s*charset\s*=\s*("?)([^";,\s]*)\1/i.exec(contentType ?? '');
  return found === null ? undefined : (found[2] ?? '').toLowerCase();
}

function unseen(detail: string): Denial {
  return { reason: 'body_unseen', detail: `Envoy sends no body that can be judged: ${detail}` };
}

function malformed(detail: string): Denial {
  return { reason: 'body_malformed', detail: `the body is refused: ${detail}` };
}
