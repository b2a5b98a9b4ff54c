/**
 * The document that draws an API's specification: without an origin of its own, so that nothing that a specification makes
 * the component do has the reader's session or a way to the console, and with requests to one address alone.
 * @param publicUrl of the API; undefined: it has none, or the reader may not know of it
 */
export function referencePolicy(publicUrl: string | undefined): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Those of the component. Of ours there are none: what answers at our addresses is no picture.
    'img-src data:',
    "font-src 'self' data:",
    `connect-src ${sourcesOf(publicUrl)}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
    'sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-forms',
  ].join('; ');
}

/** What is at the URL and below it (CSP3, 6.7.2.12). */
function sourcesOf(publicUrl: string | undefined): string {
  const url = publicUrl === undefined ? null : URL.parse(publicUrl);
  // A star is a sign of its own there.
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname.includes('*')) return "'none'";
  const path = url.pathname.replace(/\/$/, '').replaceAll(';', '%3B').replaceAll(',', '%2C');
  return path === '' ? `${url.origin}/` : `${url.origin}${path} ${url.origin}${path}/`;
}

const REFERENCE = /^\/reference\/([^/]+)\/([^/]+)$/;

/** @returns the API that the path of a reference names; undefined: it is another path */
export function referencedApi(path: string): { readonly namespace: string; readonly name: string } | undefined {
  const found = REFERENCE.exec(path);
  if (found === null) return undefined;
  try {
    const [namespace = '', name = ''] = found.slice(1).map(decodeURIComponent);
    return { namespace, name };
  } catch {
    return undefined;
  }
}

/** Files of that document: it has no origin, and so asks for them as a page of elsewhere. They are no secret. */
export function isReferenceAsset({
  method,
  url = '',
}: {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}): boolean {
  return (method === 'GET' || method === 'HEAD') && /^\/assets\/reference-[\w.-]+$/.test(url);
}
