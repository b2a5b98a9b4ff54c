import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { Circuit } from './circuit.ts';
import { shaOf } from './script-call.ts';
import type { ScriptCall } from './script-call.ts';
import { StoreUnavailable } from './store.ts';

// The way to Redis. A script is sent once: after a lost answer nobody knows whether it ran, and sending it
// again would charge twice. Only NOSCRIPT says that it has not run, and only then EVAL follows. A call that
// is not answered in time has charged and not granted: too little is admitted, never too much.

export type RedisClient = Redis | Cluster;

export interface LinkOptions {
  readonly storeTimeoutMs: number;
  /** Connects; settles without waiting until the server is there. */
  readonly connect: () => Promise<RedisClient>;
}

const PROBE_EVERY_MS = 100;
/** A connection that has been silent so long is given up: its other end may be gone without a word. */
const GIVE_UP_MS = 2000;

export class RedisLink {
  readonly #clock: Clock;
  readonly #options: LinkOptions;
  readonly #circuit: Circuit;
  #client: RedisClient | undefined;
  #probe: NodeJS.Timeout | undefined;
  #trouble = 'not connected yet';
  #closed = false;

  constructor(clock: Clock, options: LinkOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#circuit = new Circuit(clock);
    void this.#connect();
  }

  get available(): boolean {
    return this.#client?.status === 'ready' && !this.#circuit.isOpen;
  }

  /** Why it is not available. A sentence without secrets. */
  get trouble(): string {
    return this.#circuit.isOpen ? 'Redis does not answer in time' : this.#trouble;
  }

  /**
   * Runs a script once.
   * @param deadline monotonic milliseconds after which nobody listens
   * @throws StoreUnavailable (rejects with it) where it may not have run, or its answer is late
   */
  async run(call: ScriptCall, deadline: number): Promise<readonly number[]> {
    const client = this.#client;
    if (client === undefined || client.status !== 'ready' || this.#circuit.isOpen) {
      throw new StoreUnavailable(this.trouble);
    }
    const budgetMs = Math.min(this.#options.storeTimeoutMs, (deadline - this.#clock.monotonic()) / 2);
    if (budgetMs <= 0) throw new StoreUnavailable('no time is left to ask Redis');
    return this.#inTime(evaluate(client, call), budgetMs);
  }

  /** An answer that comes later than the budget is none. */
  #inTime(answer: Promise<readonly number[]>, budgetMs: number): Promise<readonly number[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (this.#circuit.timedOut()) this.#probeUntilBack();
      reject(new StoreUnavailable(`Redis did not answer within ${Math.round(budgetMs)} ms`));
    }, budgetMs);
    const settle = (): void => {
      clearTimeout(timer);
      if (!late) this.#circuit.succeeded();
    };
    answer.then(
      (reply) => {
        settle();
        return resolve(reply);
      },
      (error: unknown) => {
        settle();
        return reject(unavailable(error));
      },
    );
    return promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#probe);
    this.#client?.disconnect();
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#options.connect();
      client.on('error', (error: Error) => (this.#trouble = `Redis can't be reached: ${error.message}`));
      client.on('close', () => (this.#trouble = 'the connection to Redis is closed'));
      if (this.#closed) client.disconnect();
      this.#client = client;
    } catch (error) {
      this.#trouble = `Redis can't be reached: ${(error as Error).message}`;
    }
  }

  #probeUntilBack(): void {
    let asking = false;
    let silentSince = this.#clock.monotonic();
    const probe = async (): Promise<void> => {
      const client = this.#client;
      if (client?.status !== 'ready') return;
      if (asking) {
        if (this.#clock.monotonic() - silentSince < GIVE_UP_MS) return;
        silentSince = this.#clock.monotonic();
        client.disconnect(true);
        return;
      }
      asking = true;
      try {
        await client.ping();
        clearInterval(this.#probe);
        this.#circuit.succeeded();
      } catch {
        // The next probe finds out.
      }
      asking = false;
    };
    this.#probe = setInterval(() => void probe(), PROBE_EVERY_MS);
    this.#probe.unref();
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

function unavailable(error: unknown): StoreUnavailable {
  const message = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`Redis refused the script: ${message}`, { cause: error });
}
