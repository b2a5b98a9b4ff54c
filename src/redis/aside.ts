import type { Redis } from 'ioredis';

/**
 * A connection beside another one, for questions that must not cost it its life: there are proxies that end the
 * connection at a command they don't know. Where that happened, the next question has a new one.
 */
export class Aside {
  readonly #beside: Redis;
  #connection: Redis | undefined;

  constructor(beside: Redis) {
    this.#beside = beside;
  }

  /** @throws what `ask` rejects with, or what kept the connection from being made */
  async ask<T>(ask: (connection: Redis) => Promise<T>): Promise<T> {
    if (this.#connection?.status !== 'ready') {
      this.close();
      this.#connection = await connected(this.#beside);
    }
    return ask(this.#connection);
  }

  close(): void {
    this.#connection?.disconnect();
  }
}

function connected(beside: Redis): Promise<Redis> {
  const { promise, resolve, reject } = Promise.withResolvers<Redis>();
  const made = beside.duplicate({ retryStrategy: () => null });
  made.on('error', reject);
  made.once('end', () => reject(new Error('Connection is closed.')));
  made.once('ready', () => resolve(made));
  return promise;
}
