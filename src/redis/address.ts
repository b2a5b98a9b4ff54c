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
    ...(url.username === '' ? {} : { username: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UserError(
      'the user or password in a Redis URL has a % that begins no escape: write it as %25, or give the password by --redis-password-file',
      2,
    );
  }
}

/** Where the counters are, without user and password: `redis.svc:6379`, `/run/redis.sock`. */
export function placeOf({ host = '', port, path, db }: RedisAddress): string {
  const place = path ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return db === undefined || db === 0 ? place : `${place}/${db}`;
}
