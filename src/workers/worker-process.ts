import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import type { MetricObject } from 'prom-client';
import type { ToOwner, ToWorker } from './messages.ts';

/** Set in the environment of a worker. */
export const workerVariable = 'OSTIARY_WORKER';

/** Workers that do not tell their metrics in this time are left out. */
const metricsTimeoutMs = 2000;

/** How often a worker is asked whether it still turns its loop. */
const pingMs = 1000;
/**
 * So many questions without an answer mean that it never will: a reload of many documents takes less.
 * Counted, not timed, so that a machine that slept takes no worker for stuck.
 */
const mostUnanswered = 10;

export interface WorkerEvents {
  readonly message: (worker: WorkerProcess, message: ToOwner) => void;
  readonly exited: (worker: WorkerProcess, why: string) => void;
}

/** One worker as its owner sees it. */
export class WorkerProcess {
  /** Connections handed to it that are open still. */
  connections = 0;
  /** It has told that it serves. */
  isServing = false;
  isDrained = false;
  readonly #child: ChildProcess;
  readonly #metrics = new Map<number, (metrics: readonly MetricObject[]) => void>();
  #lastId = 0;
  #unanswered = 0;
  #why: string | undefined;

  /** Starts this program once more, with the same arguments. */
  constructor(number: number, events: WorkerEvents) {
    const [, program = '', ...args] = process.argv;
    this.#child = fork(program, args, { env: { ...process.env, [workerVariable]: String(number) } });
    this.#child.on('message', (message: ToOwner) => {
      if (message.kind === 'metrics') this.#metrics.get(message.id)?.(message.metrics);
      else if (message.kind === 'pong') this.#unanswered = 0;
      else if (message.kind === 'closed') this.connections -= message.connections;
      else events.message(this, message);
    });
    const pinging = setInterval(() => this.#ping(), pingMs).unref();
    this.#child.once('exit', (code, signal) => {
      clearInterval(pinging);
      events.exited(this, this.#why ?? signal ?? `exit code ${code}`);
    });
    // 'exit' follows.
    this.#child.on('error', () => {});
  }

  /** Before it serves it may load for as long as it takes. */
  #ping(): void {
    if (!this.isServing) return;
    if (this.#unanswered >= mostUnanswered) {
      this.#why = `stuck: no answer to ${mostUnanswered} questions, one each second`;
      this.kill();
      return;
    }
    this.#unanswered++;
    this.send({ kind: 'ping' });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Hands over a connection that nothing was read from. */
  connect(socket: Socket): void {
    this.connections++;
    this.#child.send({ kind: 'connection' } satisfies ToWorker, socket, (error) => {
      if (error !== null) socket.destroy();
    });
  }

  async metrics(): Promise<readonly MetricObject[]> {
    const { promise, resolve } = Promise.withResolvers<readonly MetricObject[]>();
    const id = ++this.#lastId;
    this.#metrics.set(id, resolve);
    const timer = setTimeout(() => resolve([]), metricsTimeoutMs);
    this.send({ kind: 'metrics', id });
    const metrics = await promise;
    clearTimeout(timer);
    this.#metrics.delete(id);
    return metrics;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
