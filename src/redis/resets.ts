import type { Redis } from 'ioredis';
import type { RedisClient } from './client.ts';
import { reconnectPace } from './connect.ts';

// Messages between replicas through Redis's pub/sub. A reset closes windows, and leases debited from them must die in
// every replica. A lease that returns to a counter with nothing left makes room for hits that were refused.
//
// A message reaches a replica within a network delay. A replica whose subscription is down misses messages: when the
// subscription is back, the replica returns all its leases and asks again for all it knows. A subscription may die
// without notice, so the replica pings it a few times a second: the answer comes after all messages that were published
// before the ping. Without an answer, the replica checks refusals again by itself. A Cluster client's subscription
// can't be pinged, and messages between the nodes of a Cluster may be lost.

export interface ResetPorts {
  readonly channel: string;
  monotonic(): number;
}

/** The holder of leases, which gets the messages of other replicas. */
export interface ResetListener {
  /** A counter was reset, here or by another replica. */
  forget(key: string, epoch: number): void;
  /** Units came back to a counter that had nothing left. */
  lookAgain(key: string): void;
  /** News may have been missed. */
  forgetAll(): void;
}

const ASK_MS = 250;

export class Resets {
  readonly #ports: ResetPorts;
  #subscriber: RedisClient | undefined;
  /** Monotonic milliseconds. */
  #heardUntil = -Infinity;
  #isSubscribed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: ResetPorts) {
    this.#ports = ports;
  }

  /** All messages sent before this moment have arrived. */
  get heardUntil(): number {
    return this.#heardUntil;
  }

  /** Listens on this connection too; the first connection's listener is called. */
  listen(client: RedisClient, listener: ResetListener): void {
    if (this.#subscriber !== undefined) return;
    // A Cluster client keeps a connection of its own for subscriptions.
    const subscriber = client.isCluster ? client : besides(client as Redis, () => this.#ports.monotonic());
    this.#subscriber = subscriber;
    subscriber.on('message', (channel: string, message: string) => {
      if (channel === this.#ports.channel) hear(message, listener);
    });
    subscriber.on('ready', () => void this.#subscribe(subscriber, listener));
    subscriber.on('close', () => this.#lose());
    // The connection for scripts reports what is wrong with the server.
    if (subscriber !== client) {
      subscriber.on('error', () => {});
      this.#timer = setInterval(() => void this.#ask(subscriber), ASK_MS).unref();
    }
    if (subscriber.status === 'ready') void this.#subscribe(subscriber, listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#subscriber?.disconnect();
  }

  async #subscribe(subscriber: RedisClient, listener: ResetListener): Promise<void> {
    this.#lose();
    try {
      await subscriber.subscribe(this.#ports.channel);
      listener.forgetAll();
      this.#isSubscribed = true;
    } catch {
      // It happens again when the connection is there again.
    }
  }

  #lose(): void {
    this.#isSubscribed = false;
    this.#heardUntil = -Infinity;
  }

  async #ask(subscriber: RedisClient): Promise<void> {
    if (!this.#isSubscribed) return;
    const asked = this.#ports.monotonic();
    try {
      await subscriber.ping();
      if (this.#isSubscribed) this.#heardUntil = Math.max(this.#heardUntil, asked);
    } catch {
      // The connection has ended.
    }
  }
}

function hear(message: string, listener: ResetListener): void {
  const [, what, key] = /^(\d+|back) (.*)$/s.exec(message) ?? [];
  if (key === undefined) return;
  if (what === 'back') listener.lookAgain(key);
  else listener.forget(key, Number(what));
}

function besides(client: Redis, monotonic: () => number): Redis {
  return client.duplicate({ retryStrategy: reconnectPace(monotonic) });
}

/** What replicas tell each other of a reset. */
export function resetMessage(key: string, epoch: number): string {
  return `${epoch} ${key}`;
}

/** What replicas tell each other of units that came back. */
export function cameBackMessage(key: string): string {
  return `back ${key}`;
}
