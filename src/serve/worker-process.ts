import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Credit } from '../analytics/ledger.ts';
import type { MetricObject } from 'prom-client';
import type { SampledRequest, SampleQuestion } from '../analytics/sampled-request.ts';
import type { SeriesPart, SeriesPlace, SeriesSource } from '../observe/merged-families.ts';
import type { KeySetRefresh } from '../operator/keys.ts';
import type { ProbeDesk } from '../operator/probe-watch.ts';
import type { Fault } from '../errors.ts';
import type { DocumentTaker, RelayedDocuments } from './document-relay.ts';
import type { ToOwner, ToWorker } from './worker-messages.ts';

/** Set in the environment of a worker. */
export const WORKER_VARIABLE = 'OSTIARY_WORKER';

/** Workers that do not send their metrics in this time are left out. */
const METRICS_TIMEOUT_MS = 2000;

/** Longer than a worker may be busy without counting as stuck at once. */
const CLAIM_TIMEOUT_MS = 5000;

/** Longer than any fetch of a key set may take. */
const REFRESH_TIMEOUT_MS = 65_000;

/** Longer than it takes to compile all there is. */
const DOCUMENTS_TIMEOUT_MS = 60_000;

type Answer = Extract<ToOwner, { readonly id: number }>;

/** How to distinguish a stuck worker from a busy one. */
export interface WorkerTimeouts {
  /** How often a worker is asked whether its event loop still runs. */
  readonly pingMs: number;
  /**
   * A worker with this many unanswered questions is stuck: a reload of many documents takes less time. Questions are
   * counted and not timed, so that workers do not count as stuck after the machine has slept.
   */
  readonly mostUnanswered: number;
  /** The same before it serves: it starts, and loads all there is. */
  readonly mostUnansweredAtStart: number;
}

export const USUAL_TIMEOUTS: WorkerTimeouts = { pingMs: 1000, mostUnanswered: 10, mostUnansweredAtStart: 60 };

/** `stuck`: it did not answer, and was killed. `ended`: anything else, by itself or from outside. */
export type LossReason = 'stuck' | 'ended';

export interface WorkerEvents {
  readonly message: (worker: WorkerProcess, message: ToOwner) => void;
  readonly exited: (worker: WorkerProcess, reason: LossReason, why: string) => void;
}

/** Starts this program once more, with the same arguments. */
export function forkThisProgram(number: number): ChildProcess {
  const [, program = '', ...args] = process.argv;
  return fork(program, args, { env: { ...process.env, [WORKER_VARIABLE]: String(number) } });
}

/** One worker as its owner sees it. */
export class WorkerProcess implements SeriesSource, DocumentTaker {
  /** Connections handed to it that are open still. */
  connections = 0;
  /** It has told that it serves. */
  isServing = false;
  isDrained = false;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: Answer | undefined) => void>();
  #lastId = 0;
  #unanswered = 0;
  #stuck: string | undefined;
  readonly #timeouts: WorkerTimeouts;

  constructor(child: ChildProcess, events: WorkerEvents, timeouts: WorkerTimeouts) {
    this.#child = child;
    this.#timeouts = timeouts;
    this.#child.on('message', (message: ToOwner) => {
      if ('id' in message) this.#asked.get(message.id)?.(message);
      else if (message.kind === 'pong') this.#unanswered = 0;
      else if (message.kind === 'closed') this.connections -= message.connections;
      else events.message(this, message);
    });
    const pinging = setInterval(() => this.#ping(), timeouts.pingMs).unref();
    this.#child.once('exit', (code, signal) => {
      clearInterval(pinging);
      if (this.#stuck === undefined) events.exited(this, 'ended', signal ?? `exit code ${code}`);
      else events.exited(this, 'stuck', this.#stuck);
      for (const answered of this.#asked.values()) answered(undefined);
    });
    // 'exit' follows.
    this.#child.on('error', () => {});
  }

  #ping(): void {
    const { pingMs, mostUnanswered, mostUnansweredAtStart } = this.#timeouts;
    const most = this.isServing ? mostUnanswered : mostUnansweredAtStart;
    if (this.#unanswered >= most) {
      this.#stuck = `stuck: no answer to ${most} questions, one each ${pingMs / 1000} s`;
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

  /** Passes on a connection from which nothing was read. */
  connect(socket: Socket): void {
    this.connections++;
    this.#child.send({ kind: 'connection' } satisfies ToWorker, socket, (error) => {
      if (error !== null) socket.destroy();
    });
  }

  async metrics(): Promise<readonly MetricObject[]> {
    const id = ++this.#lastId;
    const answer = await this.#ask({ kind: 'metrics', id }, METRICS_TIMEOUT_MS);
    return answer?.kind === 'metrics' ? answer.metrics : [];
  }

  async series(place: SeriesPlace): Promise<SeriesPart | undefined> {
    const id = ++this.#lastId;
    const answer = await this.#ask({ kind: 'series', id, place }, METRICS_TIMEOUT_MS);
    return answer?.kind === 'series' ? answer.part : undefined;
  }

  /** None, if it does not answer. */
  async samples(question: SampleQuestion): Promise<readonly SampledRequest[]> {
    const id = ++this.#lastId;
    const answer = await this.#ask({ kind: 'samples', id, question }, METRICS_TIMEOUT_MS);
    return answer?.kind === 'samples' ? answer.samples : [];
  }

  /** A worker that does not answer is reported as a failure of every set, with an empty URL. */
  async refreshKeys(url: string | undefined): Promise<readonly KeySetRefresh[]> {
    const id = ++this.#lastId;
    const answer = await this.#ask({ kind: 'refresh_keys', id, url }, REFRESH_TIMEOUT_MS);
    if (answer?.kind === 'keys_refreshed') return answer.sets;
    const detail = 'the worker did not answer: its keys may be the old ones';
    return [{ url: `worker ${this.pid}`, outcome: 'timeout', detail, keys: 0, withdrawn: 0 }];
  }

  /** A worker that does not answer expects none. */
  readonly probes: ProbeDesk = {
    expect: async (nonce) => {
      const answer = await this.#ask({ kind: 'expect_probe', id: ++this.#lastId, nonce }, METRICS_TIMEOUT_MS);
      return answer?.kind === 'probe_expected' ? answer.until : undefined;
    },
    tell: async (nonce) => {
      const answer = await this.#ask({ kind: 'tell_probe', id: ++this.#lastId, nonce }, METRICS_TIMEOUT_MS);
      return answer?.kind === 'probe_told' ? answer.sightings : undefined;
    },
  };

  /** Claims entries of its decisions that arrived at other processes. */
  async claim(sequences: readonly number[]): Promise<readonly Credit[] | 'away'> {
    if (!this.#child.connected) return 'away';
    const id = ++this.#lastId;
    const answer = await this.#ask({ kind: 'claims', id, sequences }, CLAIM_TIMEOUT_MS);
    return answer?.kind === 'claimed' ? answer.credits : 'away';
  }

  async enforce(documents: RelayedDocuments): Promise<readonly Fault[] | undefined> {
    const id = ++this.#lastId;
    const answer = await this.#ask({ kind: 'documents', id, documents }, DOCUMENTS_TIMEOUT_MS);
    return answer?.kind === 'documents_taken' ? answer.faults : undefined;
  }

  tellHeard(heardAt: number): void {
    this.send({ kind: 'control_heard', heardAt });
  }

  /** Undefined if no answer comes in time. */
  async #ask(question: ToWorker & { readonly id: number }, timeoutMs: number): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    this.#asked.set(question.id, resolve);
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    this.send(question);
    const answer = await promise;
    clearTimeout(timer);
    this.#asked.delete(question.id);
    return answer;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
