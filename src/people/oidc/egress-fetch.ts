import type { Egress } from '../../egress/egress.ts';

/** What oauth4webapi sends a request by. */
type Fetch = (
  url: string,
  options: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: URLSearchParams | Uint8Array | ReadableStream | string | null | undefined;
  },
) => Promise<Response>;

const TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 3000;
/** Of metadata, keys and tokens: more is nothing of theirs. */
const MAX_BYTES = 512 * 1024;

/** Requests to the provider by the rules of egress, each within a time and a size; redirects are answers. */
export function egressFetch(egress: Egress): Fetch {
  return async (url, { body, headers, method }) => {
    const sent = body instanceof URLSearchParams ? body.toString() : undefined;
    const answer = await egress.call({
      url,
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      ...(sent !== undefined && { body: sent }),
      timeoutMs: TIMEOUT_MS,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
    const { contentType, status, text } = answer;
    // These may have no body (Fetch, 2.2.3).
    const isBare = status < 200 || status === 204 || status === 205 || status === 304;
    if (status < 200) return Response.error();
    return new Response(isBare ? null : text, { status, headers: { 'content-type': contentType } });
  };
}
