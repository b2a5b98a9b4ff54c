import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { StoreUnavailable } from '../quota/store.ts';
import { shaOf } from '../script/script-call.ts';
import type { ScriptCall, ScriptLink } from '../script/script-call.ts';
import { Circuit } from './circuit.ts';

// The way to Redis. A script is sent once: after a lost answer nobody knows whether it ran, and sending it
// again would charge twice. Only NOSCRIPT says that it has not run, and only then EVAL follows. A call that
// is not answered in time has charged and not granted: too little is admitted, never too much.

export type RedisClient = Redis | Cluster;

export interface LinkPorts {
  readonly clock: Clock;
  readonly metrics: CounterMetrics;
  /** Replicas of Redis that must have what a durable call wrote; 0: none. */
  readonly waitReplicas: number;
  /** The longest wait. An answer that did not come in less says nothing about Redis. */
  readonly storeTimeoutMs: number;
  /** Connects; settles without waiting until the server is there. */
  readonly connect: () => Promise<RedisClient>;
  /** A connection is there, for the first time or again. */
  readonly ready: (client: RedisClient) => void;
}

const PROBE_EVERY_MS = 100;
/** A connection that has been silent so long is given up: its other end may be gone without a word. */
const GIVE_UP_MS = 2000;
/** Of the longest wait, some has passed when a call is sent. */
const WHOLE = 0.9;

export class RedisLink implements ScriptLink {
  readonly #ports: LinkPorts;
  readonly #circuit = new Circuit();
  #client: RedisClient | undefined;
  #probe: NodeJS.Timeout | undefined;
  #trouble = 'not connected yet';
  #closed = false;

  constructor(ports: LinkPorts) {
    this.#ports = ports;
    void this.#connect();
  }

  get available(): boolean {
    return this.#client?.status === 'ready' && !this.#circuit.isOpen;
  }

  /** Why it is not available. A sentence without secrets. */
  get trouble(): string {
    return this.#circuit.isOpen ? 'Redis does not answer in time' : this.#trouble;
  }

  run(call: ScriptCall, until: number, late?: (reply: readonly number[]) => void): Promise<readonly number[]> {
    const client = this.#client;
    if (client === undefined || !this.available) return Promise.reject(new StoreUnavailable(this.trouble));
    const { clock, metrics } = this.#ports;
    const sentAt = clock.monotonic();
    const budgetMs = until - sentAt;
    if (budgetMs <= 0) return Promise.reject(new StoreUnavailable('no time is left to ask Redis'));
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      metrics.storeCall(call.script.name, 'late', budgetMs);
      const isWhole = budgetMs >= this.#ports.storeTimeoutMs * WHOLE;
      if (isWhole && this.#circuit.timedOut()) this.#opened();
      reject(new StoreUnavailable(`Redis did not answer within ${Math.round(budgetMs)} ms`));
    }, budgetMs);
    const arrived = (outcome: 'answered' | 'failed'): void => {
      clearTimeout(timer);
      this.#circuit.answered();
      if (isLate) return;
      metrics.storeCall(call.script.name, outcome, clock.monotonic() - sentAt);
    };
    this.#evaluate(client, call, budgetMs).then(
      (reply) => {
        arrived('answered');
        if (isLate) late?.(reply);
        return resolve(reply);
      },
      (error: unknown) => {
        arrived('failed');
        return reject(unavailable(error));
      },
    );
    return promise;
  }

  /**
   * Tells every replica.
   * @throws StoreUnavailable where it may not have been told
   */
  async publish(channel: string, message: string): Promise<void> {
    const client = this.#client;
    if (client === undefined || !this.available) throw new StoreUnavailable(this.trouble);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { storeTimeoutMs } = this.#ports;
    const timer = setTimeout(() => {
      reject(new StoreUnavailable(`Redis did not answer within ${storeTimeoutMs} ms`));
    }, storeTimeoutMs);
    const published = client.publish(channel, message);
    published.then(
      () => resolve(),
      (error: unknown) => reject(unavailable(error)),
    );
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#probe);
    this.#client?.disconnect();
  }

  async #evaluate(client: RedisClient, call: ScriptCall, budgetMs: number): Promise<readonly number[]> {
    const { waitReplicas, clock } = this.#ports;
    const until = clock.monotonic() + budgetMs;
    const reply = await evaluate(client, call);
    if (call.durable !== true || waitReplicas === 0) return reply;
    // WAIT holds up all that comes after it on this connection: never longer than its call may take.
    const leftMs = Math.min(budgetMs / 2, until - clock.monotonic());
    if (leftMs < 1) throw new Error('no time is left to ask whether replicas of Redis have the lease');
    const have = await client.wait(waitReplicas, Math.floor(leftMs));
    if (have < waitReplicas) throw new Error(`${have} of ${waitReplicas} replicas of Redis have the lease`);
    return reply;
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#ports.connect();
      client.on('error', (error: Error & { lastNodeError?: Error }) => {
        this.#trouble = `Redis can't be reached: ${(error.lastNodeError ?? error).message}`;
      });
      client.on('ready', () => {
        this.#trouble = 'the connection to Redis is closed';
        this.#ports.ready(client);
      });
      if (this.#closed) client.disconnect();
      this.#client = client;
    } catch (error) {
      this.#trouble = `Redis can't be reached: ${(error as Error).message}`;
    }
  }

  #opened(): void {
    this.#ports.metrics.circuit(true);
    let asking = false;
    let silentSince = this.#ports.clock.monotonic();
    const probe = async (): Promise<void> => {
      const client = this.#client;
      if (client?.status !== 'ready') return;
      if (asking) {
        if (this.#ports.clock.monotonic() - silentSince < GIVE_UP_MS) return;
        silentSince = this.#ports.clock.monotonic();
        client.disconnect(true);
        return;
      }
      asking = true;
      try {
        await client.ping();
        this.#closeCircuit(client);
      } catch {
        // The next probe finds out.
      }
      asking = false;
    };
    this.#probe = setInterval(() => void probe(), PROBE_EVERY_MS);
    this.#probe.unref();
  }

  #closeCircuit(client: RedisClient): void {
    clearInterval(this.#probe);
    this.#circuit.close();
    this.#ports.metrics.circuit(false);
    this.#ports.ready(client);
  }
}

async function evaluate(client: RedisClient, { script, keys, args }: ScriptCall): Promise<readonly number[]> {
  try {
    return (await client.evalsha(shaOf(script), keys.length, ...keys, ...args)) as readonly number[];
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return (await client.eval(script.lua, keys.length, ...keys, ...args)) as readonly number[];
  }
}

/** The server's words name commands, keys and addresses, and no secret. */
function unavailable(error: unknown): StoreUnavailable {
  const message = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`Redis refused the call: ${message}`, { cause: error });
}
