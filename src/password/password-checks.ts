import type { Clock, Timers } from '../clock.ts';
import { keyedDigest } from '../inquiry/keyed-digest.ts';
import type { KeyedDigest } from '../inquiry/keyed-digest.ts';
import type { HashingThread } from './hashing-thread.ts';
import type { PasswordHash } from './password-hash.ts';
import { Recent } from './recent.ts';
import { Turns } from './turns.ts';

/**
 * `busy`: too many wait already, or the thread has failed. `late`: the time of the caller is over, and the answer is
 * remembered if it is on the way. `gone`: the caller has left.
 */
export type PasswordAnswer = 'right' | 'wrong' | 'busy' | 'late' | 'gone';

export interface PasswordQuestion {
  /** As the caller gives it, whether there is such a user or not; without a colon. */
  readonly user: string;
  readonly password: string;
  /** The user's; of a user that there is not {@link PasswordChecks.decoy}'s. */
  readonly hash: PasswordHash;
  /** Whether it is the user's own hash: else the answer is never `right`, and takes the same time. */
  readonly isKnown: boolean;
}

/** How long a caller waits. */
export interface PasswordPatience {
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** Aborted when the caller leaves: what nobody waits for any more is not begun. */
  readonly signal: AbortSignal | undefined;
}

export interface PasswordChecksOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** 32 random bytes, made at the start and known to this process alone. */
  readonly key: Buffer;
  readonly thread: HashingThread;
}

/** A right password is hashed again after so long. */
const RIGHT_MS = 60_000;
const WRONG_MS = 30_000;
const MAXIMUM_REMEMBERED = 10_000;
/** Users take turns by these lanes: who guesses the password of one holds up few others. */
const LANES = 16;
const MAXIMUM_WAITING = 64;
const MAXIMUM_WAITING_A_LANE = 8;
/** What is kept of the time for the answer to reach Envoy: a part of it, and so much at least. */
const ANSWER_SHARE = 0.1;
const MIN_ANSWER_MS = 20;

interface Job {
  readonly name: string;
  readonly question: PasswordQuestion;
  readonly promise: Promise<PasswordAnswer>;
  readonly resolve: (answer: PasswordAnswer) => void;
  /** Callers who still wait. */
  callers: number;
  isBegun: boolean;
}

/**
 * Says whether passwords are right, for all policies together. Hashes that are slow on purpose run on one thread, one
 * at a time, with a bounded queue; what they came to is remembered for a while under a keyed name of hash, user and
 * password. So it is true whatever becomes of documents and files: another hash has other names.
 */
export class PasswordChecks {
  readonly #digest: KeyedDigest;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #thread: HashingThread;
  readonly #right: Recent;
  readonly #wrong: Recent;
  /** By name: those who ask the same wait for the same. */
  readonly #jobs = new Map<string, Job>();
  readonly #turns = new Turns<Job>(LANES, MAXIMUM_WAITING_A_LANE, MAXIMUM_WAITING);
  #isBusy = false;

  constructor({ clock, timers, key, thread }: PasswordChecksOptions) {
    this.#digest = keyedDigest(key);
    this.#clock = clock;
    this.#timers = timers;
    this.#thread = thread;
    this.#right = new Recent(clock, RIGHT_MS, MAXIMUM_REMEMBERED);
    this.#wrong = new Recent(clock, WRONG_MS, MAXIMUM_REMEMBERED);
  }

  /** At most 1. */
  get atWork(): number {
    return this.#isBusy ? 1 : 0;
  }

  get waiting(): number {
    return this.#turns.size;
  }

  /** One of some hashes for a user that there is not: always the same, so that it can't be told from a user's own. */
  decoy(user: string, hashes: readonly PasswordHash[]): PasswordHash | undefined {
    return hashes[this.#numberOf(user) % hashes.length];
  }

  /** At once where it is remembered, or where too many wait. */
  check(question: PasswordQuestion, patience: PasswordPatience): PasswordAnswer | Promise<PasswordAnswer> {
    const { hash, user, password, isKnown } = question;
    // No hash has a space and no user a colon: the text can be read in one way alone.
    const name = this.#digest(`${isKnown ? 'known' : 'decoy'} ${hash.text} ${user}:${password}`);
    if (this.#right.has(name)) return 'right';
    if (this.#wrong.has(name)) return 'wrong';
    if (patience.signal?.aborted === true) return 'gone';
    const job = this.#jobs.get(name) ?? this.#enqueue(name, question);
    return job === undefined ? 'busy' : this.#waitFor(job, patience);
  }

  close(): void {
    for (const job of this.#jobs.values()) job.resolve('busy');
    this.#jobs.clear();
    this.#turns.clear();
    this.#right.clear();
    this.#wrong.clear();
    this.#thread.close();
  }

  /** Of a user, known or not: without the key nobody can tell who shares a lane or a decoy. */
  #numberOf(user: string): number {
    return Buffer.from(this.#digest(`user ${user}`), 'latin1').readUInt32LE(0);
  }

  #enqueue(name: string, question: PasswordQuestion): Job | undefined {
    const { promise, resolve } = Promise.withResolvers<PasswordAnswer>();
    const job: Job = { name, question, promise, resolve, callers: 0, isBegun: false };
    if (!this.#turns.add(this.#numberOf(question.user) % LANES, job)) return undefined;
    this.#jobs.set(name, job);
    // When the caller is among those who wait.
    queueMicrotask(() => this.#begin());
    return job;
  }

  async #waitFor(job: Job, { deadline, signal }: PasswordPatience): Promise<PasswordAnswer> {
    job.callers += 1;
    const over = Promise.withResolvers<'gone' | 'late'>();
    const leave = (): void => over.resolve('gone');
    signal?.addEventListener('abort', leave);
    const leftMs = deadline - this.#clock.monotonic();
    const waitMs = leftMs - Math.max(MIN_ANSWER_MS, leftMs * ANSWER_SHARE);
    const cancel = leftMs === Infinity ? undefined : this.#timers.after(waitMs, () => over.resolve('late'));
    try {
      return await Promise.race([job.promise, over.promise]);
    } finally {
      signal?.removeEventListener('abort', leave);
      cancel?.();
      job.callers -= 1;
      if (job.callers === 0) this.#drop(job);
    }
  }

  #begin(): void {
    if (this.#isBusy) return;
    const job = this.#turns.next();
    if (job !== undefined) void this.#run(job);
  }

  /** Nobody waits for it any more. Where it is under way it goes on, and is remembered for who comes back. */
  #drop(job: Job): void {
    if (job.isBegun) return;
    this.#turns.delete(job);
    this.#jobs.delete(job.name);
  }

  async #run(job: Job): Promise<void> {
    const { name, question, resolve } = job;
    this.#isBusy = true;
    job.isBegun = true;
    const { hash, password, isKnown } = question;
    let answer: PasswordAnswer;
    try {
      const isRight = (await this.#thread.verify({ hash: hash.text, password })) && isKnown;
      (isRight ? this.#right : this.#wrong).add(name);
      answer = isRight ? 'right' : 'wrong';
    } catch {
      // Whatever became of the thread: the caller is not let in, and may try again.
      answer = 'busy';
    }
    this.#jobs.delete(name);
    resolve(answer);
    this.#isBusy = false;
    this.#begin();
  }
}
