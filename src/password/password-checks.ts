import type { Clock, Timers } from '../clock.ts';
import { keyedDigest } from '../inquiry/keyed-digest.ts';
import type { KeyedDigest } from '../inquiry/keyed-digest.ts';
import type { HashingThread } from './hashing-thread.ts';
import type { PasswordHash } from './password-hash.ts';
import { Recent } from './recent.ts';
import { FairQueue } from './fair-queue.ts';

/**
 * `busy`: too many wait already, or the thread has failed. `late`: the caller's time is over; the answer is
 * remembered if it is on the way. `gone`: the caller has left.
 */
export type PasswordAnswer = 'right' | 'wrong' | 'busy' | 'late' | 'gone';

export interface PasswordQuestion {
  /** The user name that the caller gives, whether there is such a user or not. It has no colon. */
  readonly user: string;
  readonly password: string;
  /** The user's hash; for an unknown user the hash of {@link PasswordChecks.decoy}. */
  readonly hash: PasswordHash;
  /** Whether it is the user's own hash. If not, the answer is never `right`, and takes as long. */
  readonly isKnown: boolean;
}

/** How long the caller waits. */
export interface PasswordWaitLimit {
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** Aborted when the caller leaves. A check that nobody waits for is not begun. */
  readonly signal: AbortSignal | undefined;
}

export interface PasswordChecksOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** 32 random bytes, made at the start and known to this process only. */
  readonly key: Buffer;
  readonly thread: HashingThread;
}

/** How long a right password is remembered before it is hashed again. */
const RIGHT_MS = 60_000;
const WRONG_MS = 30_000;
const MAXIMUM_REMEMBERED = 10_000;
/** Users are spread over this many lanes, which take turns: guessing the password of one user delays few others. */
const LANES = 16;
const MAXIMUM_WAITING = 64;
const MAXIMUM_WAITING_A_LANE = 8;
/** The time reserved for the answer to reach Envoy: this part of the time left, and at least this many milliseconds. */
const ANSWER_SHARE = 0.1;
const MIN_ANSWER_MS = 20;

interface Job {
  readonly name: string;
  readonly question: PasswordQuestion;
  readonly promise: Promise<PasswordAnswer>;
  readonly resolve: (answer: PasswordAnswer) => void;
  /** The number of callers who still wait. */
  callers: number;
  isBegun: boolean;
}

/**
 * Checks passwords for all policies. Hashes are slow by design, so they run on one thread, one at a time, with a
 * bounded queue. Each result is remembered for a while under a keyed digest of hash, user and password. It stays true
 * when documents and files change, since another hash has another digest.
 */
export class PasswordChecks {
  readonly #digest: KeyedDigest;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #thread: HashingThread;
  readonly #right: Recent;
  readonly #wrong: Recent;
  /** By name. Callers who ask the same wait for the same job. */
  readonly #jobs = new Map<string, Job>();
  readonly #queue = new FairQueue<Job>(LANES, MAXIMUM_WAITING_A_LANE, MAXIMUM_WAITING);
  #isBusy = false;

  constructor({ clock, timers, key, thread }: PasswordChecksOptions) {
    this.#digest = keyedDigest(key);
    this.#clock = clock;
    this.#timers = timers;
    this.#thread = thread;
    this.#right = new Recent(clock, RIGHT_MS, MAXIMUM_REMEMBERED);
    this.#wrong = new Recent(clock, WRONG_MS, MAXIMUM_REMEMBERED);
  }

  /** The number of checks that run now: 0 or 1. */
  get atWork(): number {
    return this.#isBusy ? 1 : 0;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Returns one of the hashes for a user who does not exist: always the same for a name, so that timing can't tell it
   * from a real user's.
   */
  decoy(user: string, hashes: readonly PasswordHash[]): PasswordHash | undefined {
    return hashes[this.#numberOf(user) % hashes.length];
  }

  /** Answers at once if the result is remembered, or if too many wait. */
  check(question: PasswordQuestion, limit: PasswordWaitLimit): PasswordAnswer | Promise<PasswordAnswer> {
    const { hash, user, password, isKnown } = question;
    // No hash has a space and no user a colon, so the text is unambiguous.
    const name = this.#digest(`${isKnown ? 'known' : 'decoy'} ${hash.text} ${user}:${password}`);
    if (this.#right.has(name)) return 'right';
    if (this.#wrong.has(name)) return 'wrong';
    if (limit.signal?.aborted === true) return 'gone';
    const job = this.#jobs.get(name) ?? this.#enqueue(name, question);
    return job === undefined ? 'busy' : this.#waitFor(job, limit);
  }

  close(): void {
    for (const job of this.#jobs.values()) job.resolve('busy');
    this.#jobs.clear();
    this.#queue.clear();
    this.#right.clear();
    this.#wrong.clear();
    this.#thread.close();
  }

  /** The number of a user, known or not. Without the key nobody can tell which users share a lane or a decoy. */
  #numberOf(user: string): number {
    return Buffer.from(this.#digest(`user ${user}`), 'latin1').readUInt32LE(0);
  }

  #enqueue(name: string, question: PasswordQuestion): Job | undefined {
    const { promise, resolve } = Promise.withResolvers<PasswordAnswer>();
    const job: Job = { name, question, promise, resolve, callers: 0, isBegun: false };
    if (!this.#queue.add(this.#numberOf(question.user) % LANES, job)) return undefined;
    this.#jobs.set(name, job);
    // Runs after this caller has been added to the job.
    queueMicrotask(() => this.#begin());
    return job;
  }

  async #waitFor(job: Job, { deadline, signal }: PasswordWaitLimit): Promise<PasswordAnswer> {
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
    const job = this.#queue.next();
    if (job !== undefined) void this.#run(job);
  }

  /** To be called when nobody waits for the job any more. A job that runs goes on, and its result is remembered. */
  #drop(job: Job): void {
    if (job.isBegun) return;
    this.#queue.delete(job);
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
      // The thread has failed: the caller is not let in, and may try again.
      answer = 'busy';
    }
    this.#jobs.delete(name);
    resolve(answer);
    this.#isBusy = false;
    this.#begin();
  }
}
