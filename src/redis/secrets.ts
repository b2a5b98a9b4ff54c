import type { ConnectionOptions } from 'node:tls';
import type { Redis } from 'ioredis';

/** The secrets of a connection, in the form of the client's options. */
export interface Secrets {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  readonly sentinelTLS?: ConnectionOptions;
}

/**
 * Makes a client, and its duplicates, ask for secrets at each connection. Passwords and certificates are renewed while
 * the process runs, and the server may refuse a new connection with the old ones. The client reads its options whenever
 * it connects, so getters return the current secrets.
 */
export function presentAnew(client: Redis, current: () => Secrets): Redis {
  for (const name of Object.keys(current()) as (keyof Secrets)[]) {
    Object.defineProperty(client.options, name, { enumerable: true, configurable: true, get: () => current()[name] });
  }
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) => presentAnew(duplicate(override), current);
  return client;
}

/**
 * Reads secrets again on demand, once for all that are requested together: a certificate and its key belong together.
 * If they can't be read, the last good ones stay in force.
 * @param read throws an Error that says what is wrong
 * @param onFault told each time, in a sentence without secrets
 */
export function readAnew(inForce: Secrets, read: () => Secrets, onFault: (message: string) => void): () => Secrets {
  let latest = inForce;
  let isFresh = false;
  return () => {
    if (isFresh) return latest;
    isFresh = true;
    queueMicrotask(() => (isFresh = false));
    try {
      latest = read();
    } catch (error) {
      onFault(`${(error as Error).message}; Redis is connected to with what was read before`);
    }
    return latest;
  };
}
