/** A caller who waits. */
export interface Waiting {
  /** Whether the caller has left. Called when its turn comes. */
  isGone(): boolean;
  /** Aborted when the caller leaves. Read only if the caller has to wait. */
  readonly signal: AbortSignal | undefined;
}

/** `gone`: the caller has left. `busy`: too many wait already. */
export type Entry = 'entered' | 'gone' | 'busy';

/**
 * The most signature checks in Node's threads at once. Further ones would only wait there, where they can't be
 * cancelled.
 */
const MAXIMUM_AT_WORK = 16;
/** The most for one policy; the rest is reserved for others. */
const MAXIMUM_AT_WORK_A_LANE = 8;
/** More than this can't be checked before Envoys time out. */
const MAXIMUM_WAITING = 4000;
const MAXIMUM_WAITING_A_LANE = 1000;

/**
 * Bounds how many signatures are checked at once. So a burst of tokens costs nothing once its callers have left, and
 * tokens of one policy don't delay those of others: each policy has a lane, and lanes take turns.
 */
export class VerificationGate {
  atWork = 0;
  waiting = 0;
  /** The lanes whose next token may enter when there is room, in order. */
  readonly #ready = new Set<VerificationLane>();

  open(): VerificationLane {
    return new VerificationLane(this, () => this.#admit());
  }

  get isFull(): boolean {
    return this.atWork >= MAXIMUM_AT_WORK;
  }

  get mayWait(): boolean {
    return this.waiting < MAXIMUM_WAITING;
  }

  /** To be called when the lane has waiting tokens and is below its bound. */
  ready(lane: VerificationLane): void {
    this.#ready.add(lane);
  }

  #admit(): void {
    // A lane that is added during the loop comes last.
    for (const lane of this.#ready) {
      if (this.isFull) return;
      this.#ready.delete(lane);
      lane.admitNext();
    }
  }
}

interface QueuedVerification {
  readonly who: Waiting;
  readonly resolve: (entry: Entry) => void;
}

export class VerificationLane {
  readonly #gate: VerificationGate;
  readonly #left: () => void;
  /** In order of arrival. A caller who leaves is removed at once and takes no place. */
  readonly #waiting = new Set<QueuedVerification>();
  #atWork = 0;

  /** @param left called when there may be room again */
  constructor(gate: VerificationGate, left: () => void) {
    this.#gate = gate;
    this.#left = left;
  }

  /** Answers at once if there is room. After `entered`, the caller must call {@link leave}. */
  enter(who: Waiting): Entry | Promise<Entry> {
    if (who.isGone()) return 'gone';
    if (this.#waiting.size === 0 && this.#atWork < MAXIMUM_AT_WORK_A_LANE && !this.#gate.isFull) {
      this.#began();
      return 'entered';
    }
    if (this.#waiting.size >= MAXIMUM_WAITING_A_LANE || !this.#gate.mayWait) return 'busy';
    return this.#wait(who);
  }

  leave(): void {
    this.#atWork -= 1;
    this.#gate.atWork -= 1;
    this.#announce();
    this.#left();
  }

  /** Admits the next caller who still waits, and rejects those whose time is over. */
  admitNext(): void {
    for (const { who, resolve } of this.#waiting) {
      if (who.isGone()) resolve('gone');
      else {
        this.#began();
        resolve('entered');
        return this.#announce();
      }
    }
  }

  #wait(who: Waiting): Promise<Entry> {
    const { promise, resolve } = Promise.withResolvers<Entry>();
    const { signal } = who;
    const waiter: QueuedVerification = {
      who,
      resolve: (entry) => {
        this.#waiting.delete(waiter);
        this.#gate.waiting -= 1;
        signal?.removeEventListener('abort', abort);
        resolve(entry);
      },
    };
    function abort(): void {
      waiter.resolve('gone');
    }
    signal?.addEventListener('abort', abort);
    this.#waiting.add(waiter);
    this.#gate.waiting += 1;
    this.#announce();
    return promise;
  }

  #began(): void {
    this.#atWork += 1;
    this.#gate.atWork += 1;
  }

  #announce(): void {
    if (this.#waiting.size > 0 && this.#atWork < MAXIMUM_AT_WORK_A_LANE) this.#gate.ready(this);
  }
}
