import type { RedisClient } from './client.ts';

// What replicas tell each other by values and lists in Redis. The connection is one of its own, so that none of it is ever
// ahead of a hit. Each command is known to every Redis and concerns one key, so a Cluster is as good as a server.

/** Rejects with this in place of waiting. */
export class PostUnavailable extends Error {}

export interface PostPorts {
  /** Connects; settles without waiting until the server is there. */
  readonly connect: () => Promise<RedisClient>;
  /** The longest wait for an answer. */
  readonly timeoutMs: number;
  readonly after: (delayMs: number, callback: () => void) => () => void;
}

/** Every call rejects if there is no answer within the time-out. A call that was given up may have worked. */
export class ReplicaPost {
  readonly #ports: PostPorts;
  #client: RedisClient | undefined;
  #isClosed = false;

  constructor(ports: PostPorts) {
    this.#ports = ports;
  }

  /** Connects, and again whenever the connection is lost. Never rejects. */
  async open(): Promise<void> {
    try {
      const client = await this.#ports.connect();
      // A call says what is wrong.
      client.on('error', () => {});
      if (this.#isClosed) client.disconnect();
      this.#client = client;
    } catch {
      // An address that is none: the counters report it.
    }
  }

  get isReady(): boolean {
    return this.#client?.status === 'ready';
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#call((client) => client.set(key, value, 'PX', ttlMs));
  }

  /** @returns false if there is a value already: it stays */
  async putNew(key: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.#call((client) => client.set(key, value, 'PX', ttlMs, 'NX'))) === 'OK';
  }

  get(key: string): Promise<string | null> {
    return this.#call((client) => client.get(key));
  }

  /**
   * Appends to a list, which goes when nothing was appended for a time.
   * @param most keep only so many of the last ones
   * @returns how long it is now
   */
  async append(list: string, messages: readonly string[], ttlMs: number, most?: number): Promise<number> {
    const [length] = await Promise.all([
      this.#call((client) => client.rpush(list, ...messages)),
      this.#call((client) => client.pexpire(list, ttlMs)),
    ]);
    if (most !== undefined) await this.#call((client) => client.ltrim(list, -most, -1));
    return length;
  }

  /** All of a list. */
  list(list: string): Promise<readonly string[]> {
    return this.#call((client) => client.lrange(list, 0, -1));
  }

  /** Takes the first ones of a list, of which nobody else takes any. */
  async take(list: string, most: number): Promise<readonly string[]> {
    const taken = await this.#call((client) => client.lrange(list, 0, most - 1));
    if (taken.length > 0) await this.#call((client) => client.ltrim(list, taken.length, -1));
    return taken;
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.disconnect();
  }

  async #call<T>(ask: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = this.#client;
    // Of a Cluster, the first command makes the client connect to a node, and waits for that.
    if (client === undefined || !this.isReady) throw new PostUnavailable('not connected to Redis');
    const { promise, reject } = Promise.withResolvers<never>();
    const { timeoutMs, after } = this.#ports;
    const cancel = after(timeoutMs, () => reject(new PostUnavailable(`Redis did not answer within ${timeoutMs} ms`)));
    const asked = ask(client);
    // It may still fail when nobody waits any more.
    asked.catch(() => {});
    try {
      return await Promise.race([asked, promise]);
    } finally {
      cancel();
    }
  }
}
