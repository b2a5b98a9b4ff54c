/** How the cookies of one control plane are named and kept. */
export interface CookieRules {
  /** The browser speaks TLS with us, or with a proxy of ours. */
  readonly isSecure: boolean;
}

export type CookieName = 'session' | 'login';

/**
 * With `__Host-`, a browser takes the cookie over TLS alone, from this host alone, and never from a neighbour (RFC 6265bis,
 * 4.1.3). Over plain HTTP on loopback there is no such promise: there, whatever listens on another port of the same host
 * gets the cookie too.
 */
export function cookieName(name: CookieName, { isSecure }: CookieRules): string {
  return `${isSecure ? '__Host-' : ''}ostiary-${name}`;
}

/**
 * A value of `set-cookie`. `Lax`: a link from elsewhere, and the way back from the provider, come as who is logged in; what
 * changes something is a POST, which no page of elsewhere can make with it.
 * @param maxAgeMs 0: the cookie goes
 */
export function setCookie(name: CookieName, value: string, maxAgeMs: number, rules: CookieRules): string {
  const secure = rules.isSecure ? '; Secure' : '';
  return `${cookieName(name, rules)}=${value}; Path=/; Max-Age=${Math.ceil(maxAgeMs / 1000)}${secure}; HttpOnly; SameSite=Lax`;
}

/** The value of a cookie. @returns undefined: there is none; or several, of which a neighbour may have set one */
export function cookieOf(field: string | undefined, name: CookieName, rules: CookieRules): string | undefined {
  const wanted = `${cookieName(name, rules)}=`;
  const found = (field ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(wanted));
  return found.length === 1 ? found[0]?.slice(wanted.length) : undefined;
}
