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

/** From a value of the header: the URI of the caller of the Envoy that appended last; undefined as above. */
export function forwardedPeer(header: string): string | undefined {
  const last = split(header, ',').at(-1);
  return last === undefined ? undefined : uriOf(last);
}

/**
 * SHA-256 of the certificate of whoever called the first of N trusted proxies, in lower-case hex. Undefined if the
 * request came through fewer proxies, or the element has no hash, several, or one of another form.
 */
export function forwardedHash(check: Check, trustedHops: number): string | undefined {
  const header = check.header('x-forwarded-client-cert');
  const element = header === undefined ? undefined : split(header, ',').at(-1 - trustedHops);
  const hash = element === undefined ? undefined : memberOf(element, 'hash')?.toLowerCase();
  return hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : undefined;
}

function uriOf(element: string): string | undefined {
  return memberOf(element, 'uri');
}

function memberOf(element: string, name: string): string | undefined {
  const found = split(element, ';').filter((pair) => pair.trimStart().toLowerCase().startsWith(`${name}=`));
  const [only] = found;
  if (only === undefined || found.length > 1) return undefined;
  const value = only.slice(only.indexOf('=') + 1).trim();
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
