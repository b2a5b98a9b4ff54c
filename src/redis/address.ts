import { UserError } from '../errors.ts';

/** Where one server is. */
export interface RedisAddress {
  readonly host?: string;
  readonly port?: number;
  /** Of a Unix socket. */
  readonly path?: string;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls: boolean;
}

/**
 * Reads `redis://`, `rediss://`, `unix:/path` or `host:port`.
 * @throws UserError that never repeats the text, since it may hold a password
 */
export function parseRedisAddress(text: string, defaultPort = 6379): RedisAddress {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length), tls: false };
  const url = urlOf(text.includes('://') ? text : `redis://${text}`);
  const db = url.pathname.slice(1);
  if (db !== '' && !/^\d{1,5}$/.test(db)) throw new UserError('the path of a Redis URL is a database number: /0', 2);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? defaultPort : Number(url.port),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(db === '' ? {} : { db: Number(db) }),
    tls: url.protocol === 'rediss:',
  };
}

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw new UserError('a Redis address is redis://host:port, rediss://host:port, unix:/path or host:port', 2);
  }
  return url;
}
