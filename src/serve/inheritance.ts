import type { CompletenessPart } from '../analytics/completeness-part.ts';
import { Heir } from '../analytics/heir.ts';
import type { Mark } from '../analytics/mark.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import { Counter } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { SharedAccounts } from './shared-accounts.ts';

/** What was decided after the last mark of a process that is killed, is known only by its entries. */
const MARK_MS = 1000;
const MOST_HEIRS = 256;

export type Written = 'written' | 'returned' | 'given_back' | 'lost';

/** Where marks are kept, so that others can go on with the accounts of a process that has ended. */
export interface MarkStore {
  /** Several processes use it. Each writes often enough to be known to live, even if nothing has changed. */
  readonly isShared: boolean;
  /** Those that were left before, and are ours now. @throws (rejects) why they can't be read */
  read(): Promise<readonly Mark[]>;
  /**
   * @param isOwn whether the process of the mark is ours
   * @returns `returned`: ours, which another process had taken over. `given_back`: its own process lives after all. `lost`:
   *   a third one goes on with it
   * @throws (rejects) why it can't be written
   */
  write(mark: Mark, isOwn: boolean): Promise<Written>;
  /** Never rejects. */
  remove(epoch: number): Promise<void>;
  /** Takes over marks of other processes that do not live any more. @throws (rejects) why they can't be read */
  orphans(): Promise<readonly Mark[]>;
  close(): Promise<void>;
}

/** A process that does not write for so long is taken for dead by those who share the store. */
export const SILENT_MS = 15_000;
/** What is shared is written at least this often. */
const BEAT_MS = 4000;
const LOOK_MS = 3000;

export interface InheritancePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly registry: Registry;
  readonly accounts: SharedAccounts;
  /** Undefined: accounts end with this process. */
  readonly store: MarkStore | undefined;
  /** Of our own decisions, as they are now. */
  readonly own: (isLast: boolean) => Mark;
  /** The number of the last slot of a process that was kept. */
  readonly through: (node: string, teller: string) => Promise<number>;
}

/** Writes down how the accounts of this process and its workers are, and goes on with those of processes that have ended. */
export class Inheritance {
  readonly #ports: InheritancePorts;
  readonly #heirs = new Map<number, Heir>();
  /** Of workers, by their epoch. */
  readonly #workers = new Map<number, Mark>();
  readonly #written = new Map<number, string>();
  readonly #gaps: Counter;
  #cancel: () => void = () => {};
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;
  #failsSince = 0;
  #isFailureTold = false;
  /** Since when every write has worked, monotonic milliseconds. */
  #worksSince: number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(ports: InheritancePorts) {
    this.#ports = ports;
    this.#gaps = gapCounter(ports.registry);
    this.#worksSince = ports.clock.monotonic();
  }

  /** Goes on with the accounts that were written down, and begins to write down ours. Never rejects. */
  async open(): Promise<void> {
    const { store } = this.#ports;
    await this.#inheritAll(async () => (await store?.read()) ?? []);
    await this.#write(false);
    this.#plan();
  }

  /** A worker has told how its accounts are. */
  note(mark: Mark): void {
    this.#workers.set(mark.epoch, mark);
  }

  /** A worker has ended. @param through the number of its last slot */
  ended(epoch: number, through: number): void {
    const mark = this.#workers.get(epoch);
    this.#workers.delete(epoch);
    if (mark === undefined) this.#ports.accounts.forget(epoch);
    else this.#inherit(mark, through);
  }

  /** What has become known of decisions of processes that have ended. */
  turn(): CompletenessPart[] {
    const parts: CompletenessPart[] = [];
    for (const [epoch, heir] of this.#heirs) {
      parts.push(...heir.turn());
      if (heir.isDone) this.#forget(epoch, !heir.isReturned);
    }
    return parts;
  }

  /** To be called when nothing is decided any more, and slots have told all. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#writing;
    await this.#write(true);
    await this.#ports.store?.close();
  }

  async #inheritAll(read: () => Promise<readonly Mark[]>): Promise<void> {
    try {
      for (const mark of await read()) this.#inherit(mark, await this.#ports.through(mark.node, mark.teller));
    } catch (error) {
      this.#fails(error);
    }
  }

  /** Others are taken for dead only by one who could write all the time: when the store was away, all were silent. */
  async #look(): Promise<void> {
    const { store, clock } = this.#ports;
    const now = clock.monotonic();
    if (store?.isShared !== true || this.#isFailing || now - this.#worksSince < SILENT_MS) return;
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    await this.#inheritAll(() => store.orphans());
  }

  #inherit(mark: Mark, through: number): void {
    const { clock, accounts, log } = this.#ports;
    const heir = new Heir(mark, { through }, { monotonic: () => clock.monotonic(), now: () => clock.now() });
    const { epoch, open, unknown, wasKilled } = heir;
    if (mark.isLast && open === 0 && unknown === 0) {
      accounts.forget(epoch);
      return void this.#ports.store?.remove(epoch);
    }
    this.#heirs.set(epoch, heir);
    accounts.keep(epoch, { key: heir.key, claim: async (sequences) => heir.claim(sequences) });
    const [oldest] = this.#heirs.keys();
    if (this.#heirs.size > MOST_HEIRS && oldest !== undefined) this.#forget(oldest);
    if (!wasKilled || clock.now() - mark.madeAtMs > 3_600_000) return;
    this.#gaps.inc();
    const at = new Date(mark.madeAtMs).toISOString();
    log.warn('gap in analytics: a process ended without closing its accounts', {
      node: mark.node,
      detail: `${unknown} of its decisions are unknown, of ${open} entries may still come; those after ${at} are known only by entries that come`,
    });
  }

  #forget(epoch: number, isOver = true): void {
    this.#heirs.delete(epoch);
    this.#written.delete(epoch);
    this.#ports.accounts.forget(epoch);
    if (isOver) void this.#ports.store?.remove(epoch);
  }

  #plan(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#ports.timers.after(MARK_MS, () => {
      this.#writing = this.#write(false)
        .then(() => this.#look())
        .then(() => this.#plan());
    });
  }

  async #write(isLast: boolean): Promise<void> {
    const { store, own } = this.#ports;
    if (store === undefined) return;
    const mine = own(isLast);
    const { node, teller, slots } = mine;
    for (const mark of [mine, ...this.#workers.values()]) await this.#writeOne(store, mark);
    for (const [epoch, heir] of this.#heirs) {
      const mark = heir.mark({ node, teller }, slots.at(-1) ?? 0);
      if (!heir.isDone) await this.#writeOne(store, { ...mark, epoch }, heir);
    }
  }

  async #writeOne(store: MarkStore, mark: Mark, heir?: Heir): Promise<void> {
    const { madeAtMs, ...what } = mark;
    const now = this.#ports.clock.monotonic();
    const beat = store.isShared ? Math.floor(now / BEAT_MS) : 0;
    const text = `${beat} ${JSON.stringify(what)}`;
    if (this.#written.get(mark.epoch) === text) return;
    try {
      const result = await store.write({ ...what, madeAtMs }, heir === undefined);
      this.#written.set(mark.epoch, text);
      if (this.#isFailing) this.#worksSince = now;
      this.#isFailing = this.#isFailureTold = false;
      if (result === 'returned') this.#ports.accounts.announceAgain(mark.epoch);
      if (result === 'given_back') heir?.giveBack();
      if (result === 'lost') this.#forget(mark.epoch, false);
    } catch (error) {
      this.#fails(error);
    }
  }

  #fails(error: unknown): void {
    const { clock, store, log } = this.#ports;
    const now = clock.monotonic();
    if (!this.#isFailing) this.#failsSince = now;
    this.#isFailing = true;
    // A server may not be there yet, or not for a moment.
    const patienceMs = store?.isShared === true ? SILENT_MS / 3 : 0;
    if (this.#isFailureTold || now - this.#failsSince < patienceMs) return;
    this.#isFailureTold = true;
    const detail = `${String(error)}: should this process be killed, its decisions without entry are in no account`;
    log.error('accounts of decisions not written down', { detail });
  }
}

export function gapCounter(registry: Registry): Counter {
  return new Counter({
    name: 'ostiary_analytics_gaps_total',
    help: 'Processes that ended without closing the accounts of their decisions, as this one found.',
    registers: [registry],
  });
}
