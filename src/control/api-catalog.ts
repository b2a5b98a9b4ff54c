import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isInCatalog } from '../access/may.ts';
import type { CurrentIndex } from './current-index.ts';
import { FIELDS } from './facts.ts';
import type { Entry } from './resource-index.ts';

export interface ApiCatalogPorts {
  readonly index: Pick<CurrentIndex, 'current'>;
  /** Where browsers reach us. @param host as this one has called us */
  readonly urlOf: (host: string | undefined) => string;
  readonly onFailure: (path: string, error: unknown) => void;
}

/** RFC 9727, 2. */
export const API_CATALOG_PATH = '/.well-known/api-catalog';
const PROFILE = 'https://www.rfc-editor.org/info/rfc9727';
const API_FIELDS = FIELDS['Api'] ?? [];
const PUBLIC_URL = API_FIELDS.indexOf('spec.publicUrl');
const LIFECYCLE = API_FIELDS.indexOf('metadata.lifecycle');
const VISIBILITY = API_FIELDS.indexOf('metadata.visibility');

/**
 * The APIs that say of themselves that everybody may know of them, for programs that look for them: a linkset (RFC 9264)
 * without a login. The others are found by those who log in.
 * @returns a handler; false: this is no request for it, and nothing was answered
 */
export function apiCatalogHandler(
  ports: ApiCatalogPorts,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  let last: Kept | undefined;
  const answerOf = (apis: readonly Entry[], revision: number, here: string): Kept => {
    if (last?.revision !== revision || last.here !== here) last = kept(apis, revision, here);
    return last;
  };
  return (request, response) => {
    if ((request.url ?? '').split('?', 1)[0] !== API_CATALOG_PATH) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return true;
    }
    const { host } = request.headers;
    const here = ports.urlOf(typeof host === 'string' ? host : undefined);
    ports.index.current().then(
      ({ index, revision }) => send(request, response, answerOf(index.ofKind('Api'), revision, here)),
      (error: unknown) => {
        ports.onFailure(API_CATALOG_PATH, error);
        response.writeHead(503, { 'retry-after': '5' }).end();
      },
    );
    return true;
  };
}

/** An answer, for as long as it is true: anybody may ask, and as often as they like. */
interface Kept {
  readonly revision: number;
  readonly here: string;
  readonly body: string;
  readonly etag: string;
}

function kept(apis: readonly Entry[], revision: number, here: string): Kept {
  const body = `${JSON.stringify(linksetOf(apis, here))}\n`;
  // Of what it says: a revision would tell everybody how much others write.
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { revision, here, body, etag };
}

function send(request: IncomingMessage, response: ServerResponse, { body, etag }: Kept): void {
  const headers = {
    'content-type': `application/linkset+json; profile="${PROFILE}"`,
    // RFC 9727, 3.1: also an answer to HEAD says what this is.
    link: `<${API_CATALOG_PATH}>; rel="api-catalog"`,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    etag,
  };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function linksetOf(apis: readonly Entry[], here: string): object {
  const listed = apis.filter(({ facts: { fields } }) => {
    const visibility = fields[VISIBILITY];
    return visibility === 'public' && isInCatalog({ lifecycle: fields[LIFECYCLE], visibility }, false);
  });
  const pages = listed.map(
    ({ name, namespace }) => `${here}/apis/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`,
  );
  const about = listed.map(({ facts }, place) => {
    const page = pages[place] as string;
    return { anchor: facts.fields[PUBLIC_URL] ?? page, 'service-doc': [{ href: page, type: 'text/html' }] };
  });
  const item = about.map(({ anchor }) => ({ href: anchor }));
  return { linkset: [{ anchor: `${here}${API_CATALOG_PATH}`, item }, ...about] };
}
