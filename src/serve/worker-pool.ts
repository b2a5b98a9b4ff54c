import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { MetricObject } from 'prom-client';
import type { EnvoyLossIn } from '../analytics/envoy-losses.ts';
import { UserError } from '../errors.ts';
import type { ListenOptions, RpcListener, RpcTransport } from '../grpc/rpc.ts';
import { listenOn } from '../listen/socket.ts';
import type { TlsMaterial } from '../listen/tls.ts';
import type { ScriptMemory } from '../memory/script-memory.ts';
import type { KeySetRefresh } from '../operator/keys.ts';
import type { Slot } from '../rollup/slot.ts';
import type { DocumentRelay } from './document-relay.ts';
import { answerScripts } from './script-owner.ts';
import type { EventBatch, TlsText, ToOwner, ToWorker } from './worker-messages.ts';
import type { WorkerAccounts } from './worker-accounts.ts';
import { forkThisProgram, USUAL_TIMEOUTS, WorkerProcess } from './worker-process.ts';
import type { LossReason, WorkerTimeouts } from './worker-process.ts';

/** A delay, so that a worker that always ends at once is not restarted without pause. */
const RESTART_MS = 1000;

export interface PoolOptions {
  readonly workers: number;
  /** The counters in memory that all workers share. */
  readonly memory: ScriptMemory;
  readonly maxConnections: number;
  /** A worker has ended by itself; another takes its place. */
  readonly lost: (pid: number, reason: LossReason, why: string) => void;
  /** A worker sent a slot of counts. */
  readonly counted: (slot: Slot) => void;
  /** What workers share about decisions; absent: nothing. */
  readonly accounts?: WorkerAccounts;
  /** Hands documents on to workers; absent: each reads them itself. */
  readonly relay?: DocumentRelay | undefined;
  /** A worker has made a batch of events. @returns settles when it is kept; never rejects */
  readonly events: (batch: EventBatch) => Promise<void>;
  /** An Envoy has begun to stream its log to a worker. */
  readonly logStreamed: () => void;
  /** What a worker knows of the Envoys that stream their log. */
  readonly losses: (losses: readonly EnvoyLossIn[]) => void;
  /** A connection beyond the limit was closed on arrival. */
  readonly refused: () => void;
  /** Starts worker `number`; the default is this program with its arguments. */
  readonly fork?: (number: number) => ChildProcess;
  readonly timeouts?: WorkerTimeouts;
}

/**
 * Serves by several processes. The owner accepts connections, and passes each one to the worker that has the fewest. A
 * gateway opens few connections and keeps them long, so the kernel's own distribution would leave workers idle.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #workers = new Set<WorkerProcess>();
  #serve: Extract<ToWorker, { kind: 'serve' }> | undefined;
  #isServing = false;
  #mostConnections: number;
  #draining: { readonly done: () => void } | undefined;
  #starting: PromiseWithResolvers<void> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#mostConnections = options.maxConnections;
  }

  /** The methods of the options are not served: workers have their own. */
  readonly transport: RpcTransport = (options) => this.#listen(options);

  /** Sets what gRPC health reports from now on. */
  setServing(isServing: boolean): void {
    this.#isServing = isServing;
    this.tell({ kind: 'health', isServing });
  }

  tell(message: ToWorker): void {
    for (const worker of this.#workers) worker.send(message);
  }

  /** How many workers take connections. */
  get serving(): number {
    return this.sources().length;
  }

  metrics(): Promise<(readonly MetricObject[])[]> {
    return Promise.all(this.sources().map((worker) => worker.metrics()));
  }

  /** The workers that accept connections, to be asked for their metrics. */
  sources(): readonly WorkerProcess[] {
    return [...this.#workers].filter(({ isServing }) => isServing);
  }

  refreshKeys(url: string | undefined): Promise<(readonly KeySetRefresh[])[]> {
    return Promise.all([...this.#workers].map((worker) => worker.refreshKeys(url)));
  }

  async #listen({ address, tls, maxMessageBytes, maxConnections, gzip = false }: ListenOptions): Promise<RpcListener> {
    const server = createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true }, (socket) => {
      this.#handOver(socket);
    });
    if (maxConnections !== undefined) this.#mostConnections = maxConnections;
    const bound = await listenOn(server, address);
    this.#serve = { kind: 'serve', tls: textOf(tls), maxMessageBytes, gzip };
    this.#starting = Promise.withResolvers<void>();
    for (let number = 1; number <= this.#options.workers; number++) this.#start(number);
    try {
      await this.#starting.promise;
    } catch (error) {
      server.close();
      this.#draining = { done() {} };
      for (const worker of this.#workers) worker.kill();
      throw error;
    }
    this.#starting = undefined;
    return {
      address: bound,
      updateTls: (material) => {
        const text = textOf(material);
        if (this.#serve !== undefined) this.#serve = { ...this.#serve, tls: text };
        if (text !== undefined) this.tell({ kind: 'tls', tls: text });
      },
      drain: (timeoutMs) => {
        server.close();
        return this.#drain(timeoutMs);
      },
    };
  }

  #start(number: number): void {
    const { fork = forkThisProgram, timeouts = USUAL_TIMEOUTS } = this.#options;
    const events = {
      message: (from: WorkerProcess, message: ToOwner) => this.#heard(from, message),
      exited: (gone: WorkerProcess, reason: LossReason, why: string) => this.#exited(number, gone, reason, why),
    };
    const worker = new WorkerProcess(fork(number), events, timeouts);
    this.#workers.add(worker);
  }

  #heard(worker: WorkerProcess, message: ToOwner): void {
    if (message.kind === 'scripts') {
      worker.send({ kind: 'answers', answers: answerScripts(this.#options.memory, message.calls) });
    } else if (
      message.kind === 'epoch' ||
      message.kind === 'mark' ||
      message.kind === 'key_wanted' ||
      message.kind === 'claims'
    ) {
      this.#options.accounts?.heard(worker, message);
    } else if (message.kind === 'documents_wanted') {
      this.#options.relay?.join(worker);
    } else if (message.kind === 'loaded') {
      if (this.#serve !== undefined) worker.send(this.#serve);
    } else if (message.kind === 'serving') {
      worker.isServing = true;
      if (this.#isServing) worker.send({ kind: 'health', isServing: true });
      if (this.#all(({ isServing }) => isServing)) this.#starting?.resolve();
    } else if (message.kind === 'slot') {
      this.#options.accounts?.gave(message.slot);
      this.#options.counted(message.slot);
    } else if (message.kind === 'losses') this.#options.losses(message.losses);
    else if (message.kind === 'events') {
      const { number } = message;
      void this.#options.events(message).then(() => worker.send({ kind: 'events_kept', number }));
    } else if (message.kind === 'log_stream') this.#options.logStreamed();
    else if (message.kind === 'drained') worker.isDrained = true;
  }

  #exited(number: number, worker: WorkerProcess, reason: LossReason, why: string): void {
    this.#workers.delete(worker);
    this.#options.accounts?.exited(worker);
    this.#options.relay?.leave(worker);
    if (this.#draining !== undefined) {
      if (this.#workers.size === 0) this.#draining.done();
      return;
    }
    if (this.#starting !== undefined) {
      return this.#starting.reject(new UserError(`--workers: worker ${number} did not start (${why})`));
    }
    this.#options.lost(worker.pid, reason, why);
    setTimeout(() => {
      if (this.#draining === undefined) this.#start(number);
    }, RESTART_MS);
  }

  #handOver(socket: Socket): void {
    let least: WorkerProcess | undefined;
    let open = 0;
    for (const worker of this.#workers) {
      open += worker.connections;
      if (worker.isServing && worker.connections < (least?.connections ?? Infinity)) least = worker;
    }
    if (open >= this.#mostConnections) this.#options.refused();
    if (least === undefined || open >= this.#mostConnections) socket.destroy();
    else least.connect(socket);
  }

  async #drain(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#draining = { done: resolve };
    if (this.#workers.size === 0) resolve();
    this.tell({ kind: 'drain', timeoutMs });
    // A worker itself cuts remaining calls, and then returns its leases.
    const cut = setTimeout(() => {
      for (const worker of this.#workers) worker.kill();
    }, timeoutMs + RESTART_MS);
    await promise;
    clearTimeout(cut);
  }

  #all(fits: (worker: WorkerProcess) => boolean): boolean {
    return this.#workers.size === this.#options.workers && [...this.#workers].every(fits);
  }
}

function textOf(tls: TlsMaterial | undefined): TlsText | undefined {
  return (
    tls && {
      certificate: tls.certificate.toString('latin1'),
      key: tls.key.toString('latin1'),
      clientAuthorities: tls.clientAuthorities?.toString('latin1'),
    }
  );
}
