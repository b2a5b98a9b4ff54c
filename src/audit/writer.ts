import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import { DatabaseFault } from '../database/database-fault.ts';
import type { CountedEvent, Link } from './chain.ts';
import { NOBODY } from './event.ts';
import type { AuditAction, AuditEvent, AuditOutcome } from './event.ts';
import { Folding } from './folding.ts';
import type { AuditTrail } from './trail.ts';

/** What becomes of events. None of these may throw. */
export interface AuditObserver {
  kept(action: AuditAction, outcome: AuditOutcome, count: number): void;
  /** They were not kept now, and are tried again. */
  failed(fault: unknown): void;
  /** They will not be kept: what is kept is their number. */
  lost(count: number): void;
}

export interface AuditWriterPorts {
  /** Keeps events after the last one. @throws DatabaseFault (rejects with it) */
  readonly append: (events: readonly CountedEvent[]) => Promise<Link>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer?: AuditObserver;
  /** Called after some were kept. */
  onKept?(): void;
}

interface Waiting {
  readonly event: CountedEvent;
  /** Of its fold; undefined: it was counted. */
  readonly key: string | undefined;
  /** Those who wait for it, and are refused where it fails. */
  readonly settlers: Settle[];
}

type Settle = (fault?: unknown) => void;

/** The longest time that a caller waits, and the end of the process. */
const RECORD_MS = 5000;
const LOOK_MS = 5000;
const MOST_AT_ONCE = 500;
/** While the database is away, of events that nobody waits for. */
const MOST_WAITING = 2000;
/** An event that the database does not take, while it takes others, must not hold those up. */
const MOST_TRIES = 5;
const BACKOFF = { firstMs: 500, longestMs: 10_000 };

/** Keeps events batch by batch: all that came while one was written are the next. */
export class AuditWriter implements Pick<AuditTrail, 'record' | 'note'> {
  readonly #ports: AuditWriterPorts;
  readonly #folding: Folding;
  #waiting: Waiting[] = [];
  /** Those that wait or are being written, by their fold. */
  readonly #pending = new Map<string, Waiting>();
  #writing: Promise<void> | undefined;
  /** How often in a row it failed; 0: the last time it did not. */
  #failures = 0;
  #lost = 0;
  #cancelLook = (): void => {};
  #cancelRetry = (): void => {};
  #isClosed = false;

  constructor(ports: AuditWriterPorts) {
    this.#ports = ports;
    this.#folding = new Folding(ports.clock);
    this.#look();
  }

  note(event: AuditEvent): void {
    const { key, event: first } = this.#folding.take(event);
    if (first !== undefined) this.#add({ event: first, key, settlers: [] });
  }

  async record(event: AuditEvent): Promise<void> {
    const { key, event: first } = this.#folding.take(event, true);
    const earlier = this.#pending.get(key);
    let own = first;
    if (first === undefined && earlier === undefined) {
      // One like it is kept, and the database has answered since.
      if (this.#failures === 0) return;
      own = this.#folding.end(key);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settle: Settle = (fault) => (fault === undefined ? resolve() : reject(fault));
    const cancel = this.#ports.timers.after(RECORD_MS, () => reject(noAnswer()));
    if (earlier !== undefined) earlier.settlers.push(settle);
    else if (own !== undefined) this.#add({ event: own, key, settlers: [settle] });
    try {
      await promise;
    } finally {
      cancel();
    }
  }

  /** Keeps what was counted until now. Resolves when it is kept, or can't be. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelLook();
    this.#cancelRetry();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.timers.after(RECORD_MS, resolve);
    await Promise.race([late, this.#keepRest()]);
    cancel();
  }

  async #keepRest(): Promise<void> {
    await this.#writing;
    this.#takeDue(true);
    do {
      this.#write();
      await this.#writing;
    } while (this.#waiting.length > 0 && this.#failures === 0);
  }

  #look(): void {
    this.#cancelLook = this.#ports.timers.after(LOOK_MS, () => {
      this.#takeDue(false);
      if (this.#failures === 0) this.#write();
      this.#look();
    });
  }

  #takeDue(all: boolean): void {
    for (const event of this.#folding.due(all)) this.#queue({ event, key: undefined, settlers: [] });
  }

  #add(waiting: Waiting): void {
    this.#queue(waiting);
    // Who waits finds out, even if it failed a moment ago.
    if (this.#failures === 0 || waiting.settlers.length > 0) this.#write();
  }

  #queue(waiting: Waiting): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#lose(waiting);
      return;
    }
    this.#waiting.push(waiting);
    if (waiting.key !== undefined) this.#pending.set(waiting.key, waiting);
  }

  #lose({ event, key, settlers }: Waiting): void {
    this.#lost += event.count;
    this.#ports.observer?.lost(event.count);
    if (key !== undefined) this.#folding.forget(key);
    for (const settle of settlers) settle(noAnswer());
  }

  #write(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    this.#cancelRetry();
    // After a failure one event shows whether it goes again.
    const batch = this.#waiting.splice(0, this.#failures === 0 ? MOST_AT_ONCE : 1);
    this.#writing = this.#ports.append(batch.map(({ event }) => event)).then(
      () => this.#kept(batch),
      (fault: unknown) => this.#failed(batch, fault),
    );
  }

  #kept(batch: readonly Waiting[]): void {
    this.#writing = undefined;
    this.#failures = 0;
    for (const { event, key, settlers } of batch) {
      if (key !== undefined) this.#pending.delete(key);
      this.#ports.observer?.kept(event.action, event.outcome, event.count);
      for (const settle of settlers) settle();
    }
    if (this.#lost > 0) {
      const at = this.#ports.clock.now();
      const event = { action: 'audit.lost', outcome: 'failed', caller: NOBODY } as const;
      this.#waiting.push({ event: { ...event, count: this.#lost, at, untilMs: at }, key: undefined, settlers: [] });
      this.#lost = 0;
    }
    this.#ports.onKept?.();
    this.#write();
  }

  #failed(batch: readonly Waiting[], fault: unknown): void {
    this.#writing = undefined;
    this.#failures += 1;
    const isRefused = batch.length === 1 && this.#failures >= MOST_TRIES && !isAway(fault);
    const [first, ...rest] = [...batch, ...this.#waiting];
    this.#waiting = [];
    this.#pending.clear();
    if (first !== undefined && isRefused) this.#lose(first);
    for (const waiting of first === undefined || isRefused ? rest : [first, ...rest]) {
      if (waiting.settlers.length === 0) this.#queue(waiting);
      else this.#refuse(waiting, fault);
    }
    const { observer, random, timers } = this.#ports;
    observer?.failed(fault);
    if (this.#waiting.length === 0 || this.#isClosed) return;
    this.#cancelRetry = timers.after(backoffMs(this.#failures, BACKOFF, random()), () => this.#write());
  }

  /** Those who wait do not do it. What was counted before them has happened. */
  #refuse({ event, key, settlers }: Waiting, fault: unknown): void {
    if (key !== undefined) this.#folding.forget(key);
    for (const settle of settlers) settle(fault);
    if (event.count > 1) this.#queue({ event: { ...event, count: event.count - 1 }, key: undefined, settlers: [] });
  }
}

function isAway(fault: unknown): boolean {
  return fault instanceof DatabaseFault && fault.kind !== 'failed';
}

function noAnswer(): DatabaseFault {
  return new DatabaseFault('unreachable', 'the database did not keep an event of the audit trail in time');
}
