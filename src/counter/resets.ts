import type { Redis } from 'ioredis';
import type { RedisClient } from './redis-link.ts';

// A reset closes windows in Redis; leases debited from them must die in every replica. The message reaches a
// replica within a network delay. A replica whose subscription is down hears nothing: when it is back, all its
// leases are given back, since any of them may be void. Until then it can admit what it has leased, at most 5 %
// of a limit for each counter.

export interface ResetPorts {
  readonly channel: string;
  /** A counter was reset, here or by another replica. */
  readonly reset: (key: string, epoch: number) => void;
  /** Resets may have been missed. */
  readonly gap: () => void;
}

export class Resets {
  readonly #ports: ResetPorts;
  #subscriber: RedisClient | undefined;
  #before = false;

  constructor(ports: ResetPorts) {
    this.#ports = ports;
  }

  /** Listens beside this connection. */
  listen(client: RedisClient): void {
    if (this.#subscriber !== undefined) return;
    // A Cluster client keeps a connection of its own for subscriptions.
    const subscriber = client.isCluster ? client : (client as Redis).duplicate();
    this.#subscriber = subscriber;
    subscriber.on('message', (channel: string, message: string) => {
      const [, epoch, key] = /^(\d+) (.*)$/s.exec(message) ?? [];
      if (channel === this.#ports.channel && key !== undefined) this.#ports.reset(key, Number(epoch));
    });
    subscriber.on('ready', () => void this.#subscribe(subscriber));
    // The connection for scripts tells what is wrong with the server.
    if (subscriber !== client) subscriber.on('error', () => {});
    if (subscriber.status === 'ready') void this.#subscribe(subscriber);
  }

  close(): void {
    this.#subscriber?.disconnect();
  }

  async #subscribe(subscriber: RedisClient): Promise<void> {
    try {
      await subscriber.subscribe(this.#ports.channel);
      if (this.#before) this.#ports.gap();
      this.#before = true;
    } catch {
      // It happens again when the connection is there again.
    }
  }
}

/** What replicas tell each other of a reset. */
export function resetMessage(key: string, epoch: number): string {
  return `${epoch} ${key}`;
}
