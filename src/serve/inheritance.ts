import type { CompletenessPart } from '../analytics/completeness-part.ts';
import { Heir } from '../analytics/heir.ts';
import type { Mark } from '../analytics/mark.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import { Counter } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { AccountFiles } from './account-files.ts';
import type { SharedAccounts } from './shared-accounts.ts';

/** What was decided after the last mark of a process that is killed, is known only by its entries. */
const MARK_MS = 1000;
const MOST_HEIRS = 256;

export interface InheritancePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly registry: Registry;
  readonly accounts: SharedAccounts;
  /** Where marks are kept; undefined: accounts end with this process. */
  readonly files: Pick<AccountFiles, 'read' | 'write' | 'remove'> | undefined;
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
  #isClosed = false;

  constructor(ports: InheritancePorts) {
    this.#ports = ports;
    this.#gaps = gapCounter(ports.registry);
  }

  /** Goes on with the accounts that were written down, and begins to write down ours. Never rejects. */
  async open(): Promise<void> {
    const { files, through } = this.#ports;
    try {
      for (const mark of (await files?.read()) ?? []) this.#inherit(mark, await through(mark.node, mark.teller));
    } catch (error) {
      this.#fails(error);
    }
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
      if (heir.isDone) this.#forget(epoch);
    }
    return parts;
  }

  /** To be called when nothing is decided any more, and slots have told all. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#writing;
    await this.#write(true);
  }

  #inherit(mark: Mark, through: number): void {
    const { clock, accounts, log } = this.#ports;
    const heir = new Heir(mark, { through }, { monotonic: () => clock.monotonic(), now: () => clock.now() });
    const { epoch, open, unknown, wasKilled } = heir;
    if (mark.isLast && open === 0 && unknown === 0) {
      accounts.forget(epoch);
      return void this.#ports.files?.remove(epoch);
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

  #forget(epoch: number): void {
    this.#heirs.delete(epoch);
    this.#written.delete(epoch);
    this.#ports.accounts.forget(epoch);
    void this.#ports.files?.remove(epoch);
  }

  #plan(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#ports.timers.after(MARK_MS, () => {
      this.#writing = this.#write(false).then(() => this.#plan());
    });
  }

  async #write(isLast: boolean): Promise<void> {
    const { files, own } = this.#ports;
    if (files === undefined) return;
    const mine = own(isLast);
    const { node, teller, slots } = mine;
    const heirs = [...this.#heirs.values()].map((heir) => heir.mark({ node, teller }, slots.at(-1) ?? 0));
    for (const mark of [mine, ...this.#workers.values(), ...heirs]) {
      const { madeAtMs: _, ...what } = mark;
      const text = JSON.stringify(what);
      if (this.#written.get(mark.epoch) === text) continue;
      try {
        await files.write(mark);
        this.#written.set(mark.epoch, text);
        this.#isFailing = false;
      } catch (error) {
        this.#fails(error);
      }
    }
  }

  #fails(error: unknown): void {
    if (!this.#isFailing) {
      const detail = `${String(error)}: should this process be killed, its decisions without entry are in no account`;
      this.#ports.log.error('accounts of decisions not written down', { detail });
    }
    this.#isFailing = true;
  }
}

export function gapCounter(registry: Registry): Counter {
  return new Counter({
    name: 'ostiary_analytics_gaps_total',
    help: 'Processes that ended without closing the accounts of their decisions, as this one found.',
    registers: [registry],
  });
}
