import type { Clock } from '../clock.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { StoreUnavailable } from '../quota/store.ts';
import { shaOf } from '../script/script-call.ts';
import type { ScriptCall, ScriptLink } from '../script/script-call.ts';
import { Circuit } from './circuit.ts';
import type { RedisClient } from './client.ts';
import type { Outage, Trouble } from './outage-teller.ts';
import { Probe } from './probe.ts';
import { codeOf, wordsOf } from './server-error.ts';
import { Refusals } from './server-refusals.ts';

// The way to Redis. A script is sent once: after a lost answer it is unknown whether it ran, and a second call could
// charge twice. Only NOSCRIPT means that it has not run, and only then EVAL follows. A call without an answer in time
// may have charged but grants nothing: too little is admitted, never too much.

export interface LinkPorts {
  readonly clock: Clock;
  readonly metrics: CounterMetrics;
  /** Replicas of Redis that must have what a durable call wrote; 0: none. */
  readonly waitReplicas: number;
  /** The longest wait. If a call had less time and no answer, that says nothing about Redis. */
  readonly storeTimeoutMs: number;
  /** Connects; settles without waiting until the server is there. */
  readonly connect: () => Promise<RedisClient>;
  /** Called with the reason if Redis can't be used, and when it can be used again. */
  readonly outage: Outage;
}

/** A part of the longest wait has already passed when a call is sent. */
const WHOLE = 0.9;

const SILENT: Trouble = { code: 'SILENT', detail: 'Redis does not answer in time' };
const STARTING: Trouble = { code: 'STARTING', detail: 'not connected yet' };
const CLOSED: Trouble = { code: 'CLOSED', detail: 'the connection to Redis is closed' };

/** Starts with no connection: see {@link RedisLink.open}. */
export class RedisLink implements ScriptLink {
  readonly #ports: LinkPorts;
  readonly #circuit = new Circuit();
  readonly #probe: Probe;
  readonly #refusals: Refusals;
  #client: RedisClient | undefined;
  #ready: (client: RedisClient) => void = () => {};
  /** The connection has answered since it was made. */
  #answers = false;
  #trouble = STARTING;
  #canPublish = true;
  #closed = false;

  constructor(ports: LinkPorts) {
    this.#ports = ports;
    const { clock } = ports;
    this.#refusals = new Refusals({ clock, changed: () => this.#look() });
    this.#probe = new Probe({
      clock,
      answers: (client) => this.#isThere(client),
      refuses: (error) => {
        // The end of a connection is reported by its own events.
        if (['CLOSED', 'SILENT'].includes(codeOf(error))) return;
        this.#answers = false;
        this.#fails(error, 'Redis refuses every call');
      },
    });
  }

  /**
   * Connects, and again whenever the connection is lost.
   * @param ready called when a connection is there, for the first time or again
   */
  open(ready: (client: RedisClient) => void): void {
    this.#ready = ready;
    void this.#connect();
    this.#look();
  }

  /** Whether a call makes sense now. */
  get available(): boolean {
    return this.#answers && this.#client?.status === 'ready' && !this.#circuit.isOpen;
  }

  /** Why Redis can't be used, a sentence without secrets; empty if it can be used. */
  get trouble(): string {
    return this.#troubleNow()?.detail ?? '';
  }

  run(call: ScriptCall, until: number, late?: (reply: readonly number[]) => void): Promise<readonly number[]> {
    const client = this.#client;
    if (client === undefined || !this.available) return Promise.reject(new StoreUnavailable(this.trouble));
    const { clock, metrics } = this.#ports;
    const sentAt = clock.monotonic();
    const budgetMs = until - sentAt;
    if (budgetMs <= 0) return Promise.reject(new StoreUnavailable('no time is left to ask Redis'));
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
    const { name } = call.script;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      metrics.storeCall(name, 'late', budgetMs);
      const isWhole = budgetMs >= this.#ports.storeTimeoutMs * WHOLE;
      if (isWhole && this.#circuit.timedOut()) this.#opened(client);
      reject(new StoreUnavailable(`Redis did not answer within ${Math.round(budgetMs)} ms`));
    }, budgetMs);
    const arrived = (outcome: 'answered' | 'failed'): void => {
      clearTimeout(timer);
      this.#circuit.answered();
      if (isLate) return;
      metrics.storeCall(name, outcome, clock.monotonic() - sentAt);
    };
    this.#evaluate(client, call, budgetMs).then(
      (reply) => {
        arrived('answered');
        this.#refusals.answered(name);
        if (isLate) late?.(reply);
        return resolve(reply);
      },
      (error: unknown) => {
        arrived('failed');
        this.#refusals.failed(name, error, client.isCluster);
        return reject(unavailable(error));
      },
    );
    return promise;
  }

  /**
   * Tells every replica.
   * @throws StoreUnavailable if it may not have been told
   */
  async publish(channel: string, message: string): Promise<void> {
    const client = this.#client;
    if (client === undefined || !this.available) throw new StoreUnavailable(this.trouble);
    if (!this.#canPublish)
      throw new StoreUnavailable('Redis takes no PUBLISH from us: the other replicas are not told');
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

  /** Whether to publish at all: some proxies end a connection that publishes. */
  mayPublish(allowed: boolean): void {
    this.#canPublish = allowed;
  }

  close(): void {
    this.#closed = true;
    this.#probe.stop();
    this.#ports.outage.close();
    this.#client?.disconnect();
  }

  async #evaluate(client: RedisClient, call: ScriptCall, budgetMs: number): Promise<readonly number[]> {
    const { waitReplicas, clock } = this.#ports;
    const until = clock.monotonic() + budgetMs;
    const reply = await evaluate(client, call);
    if (call.durable !== true || waitReplicas === 0) return reply;
    // WAIT blocks all later commands on this connection, so it never waits longer than its call may take.
    const leftMs = Math.min(budgetMs / 2, until - clock.monotonic());
    if (leftMs < 1) throw new Error('no time is left to ask whether replicas of Redis have the lease');
    const have = await client.wait(waitReplicas, Math.floor(leftMs));
    if (have < waitReplicas) throw new Error(`${have} of ${waitReplicas} replicas of Redis have the lease`);
    return reply;
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#ports.connect();
      this.#client = client;
      if (this.#closed) return client.disconnect();
      client.on('error', (error: Error & { lastNodeError?: Error }) => {
        if (!this.#closed) this.#fails(error.lastNodeError ?? error, "Redis can't be reached");
      });
      client.on('close', () => this.#ends());
      client.on('ready', () => {
        // A Cluster client has asked its nodes by now.
        if (client.isCluster) this.#isThere(client);
        else this.#probe.start(client);
      });
    } catch (error) {
      this.#fails(error, "Redis can't be reached");
    }
  }

  #isThere(client: RedisClient): void {
    if (this.#closed) return;
    this.#answers = true;
    this.#trouble = CLOSED;
    this.#circuit.close();
    this.#look();
    this.#ready(client);
  }

  #ends(): void {
    this.#probe.stop();
    if (this.#circuit.isOpen) this.#trouble = SILENT;
    this.#answers = false;
    if (!this.#closed) this.#look();
  }

  #fails(error: unknown, what: string): void {
    const code = codeOf(error);
    this.#trouble = code === 'SILENT' ? SILENT : { code, detail: `${what}: ${wordsOf(error)}` };
    this.#look();
  }

  #opened(client: RedisClient): void {
    this.#look();
    this.#probe.start(client);
  }

  #troubleNow(): Trouble | undefined {
    const { trouble } = this.#refusals;
    const isConnected = this.#answers && this.#client?.status === 'ready';
    // If the client reconnects because the server refuses calls, that is the reason for the end of the connection.
    if (!isConnected) return this.#trouble === CLOSED ? (trouble ?? CLOSED) : this.#trouble;
    return trouble ?? (this.#circuit.isOpen ? SILENT : undefined);
  }

  #look(): void {
    const trouble = this.#troubleNow();
    this.#ports.metrics.circuit(trouble !== undefined);
    this.#ports.outage.see(trouble);
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
  return new StoreUnavailable(`Redis refused the call: ${wordsOf(error)}`, { cause: error });
}
