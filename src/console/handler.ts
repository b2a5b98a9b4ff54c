import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConsoleFile, ConsoleFiles, Encoding } from './files.ts';
import { isReferenceAsset, referencedApi, referencePolicy } from './reference.ts';

/**
 * Nothing but our own files, no script or style in the page itself, nothing that frames it. Pictures in data: the
 * component that shows OpenAPI documents has its signs there.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
const COMMON = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-encoding',
};
/** At its addresses, programs are told that there is no such method. */
const PAGE = {
  ...COMMON,
  vary: 'accept, accept-encoding',
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'cache-control': 'no-cache',
};
/** Another reader may see another policy: it is asked for each time. */
const REFERENCE = { ...COMMON, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' };
/** Its name changes with its content. */
const ASSET = { ...COMMON, 'cache-control': 'public, max-age=31536000, immutable' };
/** Of the document of a reference, which has no origin, and is so of elsewhere. */
const SHARED_ASSET = { ...ASSET, 'cross-origin-resource-policy': 'cross-origin' };
const ASSETS = '/assets/';

/**
 * Where callers reach an API, as far as whoever asks may know of it. Never rejects.
 * @returns undefined: it does not say, or there is none for them
 */
export type FindPublicUrl = (
  request: IncomingMessage,
  api: { readonly namespace: string; readonly name: string },
) => Promise<string | undefined>;

export type HandleConsole = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Serves the console: its files, and its page for every address that a browser asks for, since views have addresses of
 * their own.
 * @param files undefined: it was not built; browsers are told how to
 * @param findPublicUrl for the references of APIs; absent: no call is let out of any
 * @returns a handler; false: this is no request of a browser, and nothing was answered
 */
export function consoleHandler(files: ConsoleFiles | undefined, findPublicUrl?: FindPublicUrl): HandleConsole {
  return (request, response) => {
    const { headers, method, url = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') return false;
    const [path = ''] = url.split('?', 1);
    if (path.startsWith(ASSETS)) {
      const file = files?.assets.get(path.slice(ASSETS.length));
      if (file === undefined) return false;
      send(request, response, file, isReferenceAsset(request) ? SHARED_ASSET : ASSET);
      return true;
    }
    if (path.endsWith('.json') || !/\btext\/html\b/.test(headers.accept ?? '')) return false;
    if (files === undefined) {
      response.writeHead(503, { ...COMMON, 'content-type': 'text/plain; charset=utf-8' });
      response.end('The console was not built: npm run console\n');
      return true;
    }
    const api = referencedApi(path);
    const reference = api && files.reference;
    if (api === undefined || reference === undefined) send(request, response, files.page, PAGE);
    else void sendReference(request, response, reference, findPublicUrl?.(request, api));
    return true;
  };
}

async function sendReference(
  request: IncomingMessage,
  response: ServerResponse,
  reference: ConsoleFile,
  publicUrl: Promise<string | undefined> | undefined,
): Promise<void> {
  const policy = { 'content-security-policy': referencePolicy(await publicUrl) };
  send(request, response, reference, { ...REFERENCE, ...policy });
}

function send(
  { headers, method }: IncomingMessage,
  response: ServerResponse,
  { bodies, type }: ConsoleFile,
  more: Readonly<Record<string, string>>,
): void {
  const encoding = encodingFor(headers['accept-encoding'] ?? '');
  const { bytes, etag } = bodies[encoding];
  const common = { ...more, etag, ...(encoding !== 'identity' && { 'content-encoding': encoding }) };
  if (isKnown(headers['if-none-match'], etag)) {
    response.writeHead(304, common);
    response.end();
    return;
  }
  response.writeHead(200, { ...common, 'content-type': type, 'content-length': bytes.length });
  response.end(method === 'HEAD' ? undefined : bytes);
}

/** RFC 9110, 12.5.3: what has the weight 0 is not acceptable. */
function encodingFor(accepted: string): Encoding {
  for (const encoding of ['br', 'gzip'] as const) {
    const asked = new RegExp(`(?:^|,)\\s*${encoding}\\s*(?:;\\s*q=([\\d.]+))?\\s*(?:,|$)`, 'i').exec(accepted);
    if (asked !== null && Number(asked[1] ?? 1) > 0) return encoding;
  }
  return 'identity';
}

function isKnown(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false;
  return field.trim() === '*' || field.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
}
