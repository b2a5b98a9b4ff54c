/**
 * `:authority` as it counts for matching: lower case, without port and trailing dot
 * (RFC 9110, 4.2.3; the root label of RFC 1034, 3.1). An IPv6 literal keeps its brackets.
 */
export function normalizeHost(authority: string): string {
  let host = authority.toLowerCase();
  const bracket = host.startsWith('[') ? host.indexOf(']') : -1;
  const colon = host.indexOf(':', bracket + 1);
  if (colon >= 0) host = host.slice(0, colon);
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
