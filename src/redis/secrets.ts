import type { ConnectionOptions } from 'node:tls';
import type { Redis } from 'ioredis';

/** What a connection presents, in the words of the client's options. */
export interface Secrets {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  readonly sentinelTLS?: ConnectionOptions;
}

/**
 * Makes a client, and what is duplicated from it, ask for its secrets at each connection: passwords and
 * certificates are renewed while the process runs, and a connection that ends may be refused with the old ones.
 * The client reads its options whenever it connects, so they are made to answer with what holds then.
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
 * Reads secrets again when they are asked for, once for all that is asked in one go: a certificate and its key
 * belong together. Where they can't be read, those that could be stay in force.
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
