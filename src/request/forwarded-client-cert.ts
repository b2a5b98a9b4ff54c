import type { Check } from './check.ts';

/**
 * The URI, in Envoy's `x-forwarded-client-cert`, of the workload that called the first of N trusted proxies. Each proxy
 * that appends writes one element about its own caller; the last element is from the Envoy that sent the Check.
 * Undefined if the request came through fewer proxies, or the element has no URI or several.
 */
export function forwardedUri(check: Check, trustedHops: number): string | undefined {
  return forwardedUris(check, trustedHops)?.[0];
}

/**
 * The same, and after it those of the trusted proxies, each as the next one wrote it: the last is of the peer of the
 * Envoy that asks. Undefined if the request came through fewer.
 */
export function forwardedUris(check: Check, trustedHops: number): readonly (string | undefined)[] | undefined {
  const header = check.header('x-forwarded-client-cert');
  if (header === undefined) return undefined;
  const elements = split(header, ',');
  return elements.length <= trustedHops ? undefined : elements.slice(-1 - trustedHops).map(uriOf);
}

function uriOf(element: string): string | undefined {
  const uris = split(element, ';').filter((pair) => /^\s*uri=/i.test(pair));
  const [uri] = uris;
  if (uri === undefined || uris.length > 1) return undefined;
  const value = uri.slice(uri.indexOf('=') + 1).trim();
  const plain = value.startsWith('"') ? value.slice(1, -1) : value;
  // Quoted text may contain signs that other parsers would read as the end of the value.
  return plain === '' || /[",;\\\s]/.test(plain) ? undefined : plain;
}

/** Splits at the sign, except inside double quotes; in quotes a backslash escapes the next sign. */
function split(text: string, sign: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && isQuoted) at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === sign && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  // If the quotes do not end, the end of the element is unknown.
  if (isQuoted) return [];
  parts.push(text.slice(start));
  return parts;
}
