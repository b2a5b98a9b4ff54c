/**
 * How hosts are compared: `exact` is Envoy's own way; `ignore` is for an Envoy whose routes ignore the port or the
 * final dot, but which still sends them.
 */
export interface HostMatching {
  readonly port: 'exact' | 'ignore';
  readonly finalDot: 'exact' | 'ignore';
}

export const EXACT_HOSTS: HostMatching = { port: 'exact', finalDot: 'exact' };

/** The longest name that DNS knows (RFC 1035, 2.3.4): nothing longer is looked up. */
const MAX_HOST_LENGTH = 255;
/** Almost every host: it needs no change. */
const PLAIN = /^[a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*$/;
/** A name with at most one dot at its end, or an IPv6 literal; then at most one port. */
const AUTHORITY = /^(?:([a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*)(\.?)|(\[[0-9a-f:.]+\]))(?::(\d{1,5}))?$/;
const MAX_PORT = 65_535;

interface Parts {
  /** Lower case. */
  readonly name: string;
  readonly finalDot: string;
  /** With its colon; empty if there is none. */
  readonly port: string;
}

/**
 * `:authority` as it is looked up: lower case, and without what `matching` ignores.
 * @returns undefined if it is not a host (RFC 9110, 4.2.3; RFC 1034, 3.1): others might route by a part of it
 */
export function hostOf(authority: string, matching: HostMatching): string | undefined {
  if (PLAIN.test(authority)) return authority.length <= MAX_HOST_LENGTH ? authority : undefined;
  // No host: only Envoy's routes for any host, and APIs for any host, can match.
  if (authority === '') return '';
  if (authority.length > MAX_HOST_LENGTH + '.:65535'.length) return undefined;
  const parts = partsOf(lowerCase(authority));
  if (parts === undefined || parts.name.length > MAX_HOST_LENGTH) return undefined;
  return joined(parts, matching);
}

/** The name of a valid host: lower case, without port and final dot. */
export function nameOfHost(host: string): string {
  if (PLAIN.test(host)) return host;
  const lower = lowerCase(host);
  return partsOf(lower)?.name ?? lower;
}

/** A host of a document as requests are compared with it; a wildcard keeps its star. */
export function documentHost(host: string, matching: HostMatching): string {
  const [star, rest] = host.startsWith('*.') ? ['*.', host.slice(2)] : ['', host];
  const lower = lowerCase(rest);
  const parts = partsOf(lower);
  return star + (parts === undefined ? lower : joined(parts, matching));
}

/** What a host of a document has beside its name. */
export function hasPort(host: string): boolean {
  return (partsOf(lowerCase(host.replace(/^\*\./, '')))?.port ?? '') !== '';
}

export function hasFinalDot(host: string): boolean {
  return (partsOf(lowerCase(host.replace(/^\*\./, '')))?.finalDot ?? '') !== '';
}

function partsOf(lower: string): Parts | undefined {
  const found = AUTHORITY.exec(lower);
  if (found === null) return undefined;
  const [, name = '', finalDot = '', literal = '', digits] = found;
  if (digits !== undefined && Number(digits) > MAX_PORT) return undefined;
  return { name: name + literal, finalDot, port: digits === undefined ? '' : `:${digits}` };
}

function joined({ name, finalDot, port }: Parts, matching: HostMatching): string {
  return name + (matching.finalDot === 'exact' ? finalDot : '') + (matching.port === 'exact' ? port : '');
}

/** Only ASCII: `toLowerCase` would turn the Kelvin sign into a `k`. */
function lowerCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
}
