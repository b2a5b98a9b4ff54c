import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { HEARTBEAT } from '../script/lease-scripts.ts';
import type { RedisLink } from './link.ts';

// Counts the replicas that share the quota. Each one reports every second, and one that is silent for three seconds is
// gone. Leases get smaller with their number, so a wrong number costs calls or unspent units, never exactness.

const BEAT_MS = 1000;
const GONE_US = 3_000_000;

export interface ReplicasPorts {
  readonly link: RedisLink;
  readonly metrics: CounterMetrics;
  /** This replica's name in the mesh. */
  readonly id: string;
  readonly key: string;
  readonly storeTimeoutMs: number;
  monotonic(): number;
}

export class Replicas {
  readonly #ports: ReplicasPorts;
  readonly #timer: NodeJS.Timeout;
  #count = 1;

  constructor(ports: ReplicasPorts) {
    this.#ports = ports;
    this.#timer = setInterval(() => void this.beat(), BEAT_MS).unref();
  }

  /** At least 1; while Redis is away, the last known number. */
  get count(): number {
    return this.#count;
  }

  /** Reports this replica, and gets the number of replicas. */
  async beat(): Promise<void> {
    await this.#tell(1);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tell(0);
  }

  async #tell(here: 0 | 1): Promise<void> {
    const { link, metrics, id, key, storeTimeoutMs } = this.#ports;
    if (!link.available) return;
    try {
      const call = { script: HEARTBEAT, keys: [key], args: [id, GONE_US, here] };
      const [count = 1] = await link.run(call, this.#ports.monotonic() + storeTimeoutMs);
      this.#count = Math.max(1, count);
      metrics.replicas(this.#count);
    } catch {
      // The next beat will show.
    }
  }
}
