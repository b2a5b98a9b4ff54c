import { isIP } from 'node:net';

/** How the traffic of a connection is protected. */
export type Security = 'ldaps' | 'startTls' | 'none';

export interface LdapServer {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly security: Security;
  /** PEM; absent: the system's authorities. */
  readonly authorities?: string | undefined;
}

/**
 * Reads the URL of a server (RFC 4516, with nothing behind the port).
 * @param isPlain `ldap:` without StartTLS
 * @returns the server, or a text without the URL that says what is wrong
 */
export function ldapServer(text: string, isPlain: boolean): LdapServer | string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'ldaps:' && url.protocol !== 'ldap:') || url.hostname === '') {
    return 'expected a URL such as ldaps://directory.example.com, or ldap:// for StartTLS';
  }
  if (url.username !== '' || url.password !== '') return 'a URL with user and password is not supported';
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    return 'names more than a server: the base of the search is ldapSearchBase';
  }
  const host = url.hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (!/^[a-z0-9_.-]+$/.test(host) && isIP(host) === 0) return 'has a host that is neither a name nor an address';
  const isSecure = url.protocol === 'ldaps:';
  const port = url.port === '' ? (isSecure ? 636 : 389) : Number(url.port);
  return { host, port, security: isSecure ? 'ldaps' : isPlain ? 'none' : 'startTls' };
}

/** The URL for the rules of egress. It always has a port: LDAP's own if the document has none. */
export function urlOf({ host, port }: LdapServer): string {
  return `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
