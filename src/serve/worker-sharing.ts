import type { Accounts } from '../analytics/accounts.ts';
import type { Credit } from '../analytics/ledger.ts';
import type { Sharing } from '../analytics/sharing.ts';
import type { ToOwner, ToWorker } from './worker-messages.ts';

/** Claims of one epoch are sent together after this time. */
const BATCH_MS = 50;
/** The owner may itself have to ask others. */
const ANSWER_MS = 10_000;

export type SharingMessage = Extract<ToWorker, { readonly kind: 'key' | 'claimed' | 'claims' | 'sharing_broken' }>;

export interface WorkerSharingPorts {
  readonly send: (message: ToOwner) => void;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly monotonic: () => number;
}

interface Batch {
  readonly sequences: number[];
  readonly answer: Promise<readonly Credit[] | 'away'>;
}

/** Shares epochs' keys and claims among the workers of one replica, through their owner. */
export class WorkerSharing implements Sharing {
  readonly #ports: WorkerSharingPorts;
  readonly #questions = new Map<number, (answer: SharingMessage | undefined) => void>();
  /** By epoch, until they are sent. */
  readonly #batches = new Map<number, Batch>();
  #lastQuestion = 0;
  #brokenAt = Number.NEGATIVE_INFINITY;
  #own: Accounts | undefined;

  constructor(ports: WorkerSharingPorts) {
    this.#ports = ports;
  }

  /** From now on other processes may claim entries of these decisions. */
  announce(accounts: Accounts): void {
    this.#own = accounts;
    const { number, key } = accounts.epoch;
    this.#ports.send({ kind: 'epoch', epoch: number, key: key.toString('base64') });
  }

  heard(message: SharingMessage): void {
    if (message.kind === 'sharing_broken') this.#brokenAt = this.#ports.monotonic();
    else if (message.kind === 'claims') {
      const credits = this.#own?.claim(message.sequences) ?? [];
      this.#ports.send({ kind: 'claimed', id: message.id, credits });
    } else this.#questions.get(message.question)?.(message);
  }

  async keyOf(epoch: number): Promise<Buffer | undefined | 'away' | 'unshared'> {
    const answer = await this.#ask((question) => ({ kind: 'key_wanted', question, epoch }));
    if (answer?.kind !== 'key') return 'away';
    return answer.key === undefined ? answer.why : Buffer.from(answer.key, 'base64');
  }

  async claim(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'away'> {
    const batch = this.#batches.get(epoch) ?? this.#begin(epoch);
    const first = batch.sequences.length;
    for (const sequence of sequences) batch.sequences.push(sequence);
    const credits = await batch.answer;
    return credits === 'away' ? credits : credits.slice(first, first + sequences.length);
  }

  isBroken(since: number): boolean {
    return this.#brokenAt >= since;
  }

  #begin(epoch: number): Batch {
    const { promise, resolve } = Promise.withResolvers<readonly Credit[] | 'away'>();
    const batch: Batch = { sequences: [], answer: promise };
    this.#batches.set(epoch, batch);
    this.#ports.after(BATCH_MS, () => {
      this.#batches.delete(epoch);
      resolve(this.#claim(epoch, batch.sequences));
    });
    return batch;
  }

  async #claim(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'away'> {
    const answer = await this.#ask((question) => ({ kind: 'claims', question, epoch, sequences }));
    return answer?.kind === 'claimed' && answer.credits !== undefined ? answer.credits : 'away';
  }

  /** Undefined: no answer came in time. */
  async #ask(message: (question: number) => ToOwner): Promise<SharingMessage | undefined> {
    const question = ++this.#lastQuestion;
    const { promise, resolve } = Promise.withResolvers<SharingMessage | undefined>();
    this.#questions.set(question, resolve);
    const cancel = this.#ports.after(ANSWER_MS, () => resolve(undefined));
    this.#ports.send(message(question));
    const answer = await promise;
    cancel();
    this.#questions.delete(question);
    return answer;
  }
}
