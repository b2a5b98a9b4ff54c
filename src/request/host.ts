/** The longest name that DNS knows (RFC 1035, 2.3.4): nothing longer is looked up. */
const MAX_HOST_LENGTH = 255;
const NAME = /^[a-z0-9._~-]*$/;
const IPV6 = /^\[[0-9a-f:.]+\]$/;

/**
 * `:authority` as it counts for matching: lower case, without port and trailing dot
 * (RFC 9110, 4.2.3; the root label of RFC 1034, 3.1). An IPv6 literal keeps its brackets.
 * @returns undefined where it is no host: what we cut off, others might route by
 */
export function hostOf(authority: string): string | undefined {
  if (authority.length > MAX_HOST_LENGTH + ':65535'.length) return undefined;
  const host = isPlain(authority) ? authority : normalizeHost(authority);
  return host.length <= MAX_HOST_LENGTH && (NAME.test(host) || IPV6.test(host)) ? host : undefined;
}

/** Nothing in it is to be cut or changed: almost always, where the port is the scheme's own. */
function isPlain(authority: string): boolean {
  return NAME.test(authority) && !authority.endsWith('.');
}

/** As {@link hostOf}, of a host that is known to be one. */
export function normalizeHost(authority: string): string {
  const host = lowerCase(authority.replace(/:\d*$/, ''));
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** ASCII alone: `toLowerCase` would make a `k` of the Kelvin sign. */
function lowerCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
}
