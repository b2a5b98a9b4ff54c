import type { Timers } from '../clock.ts';
import type { Slot, SlotTaker } from '../rollup/slot.ts';
import type { History } from './history.ts';
import type { SlotFate } from './receiving.ts';

export interface WriterPorts {
  readonly history: Pick<History, 'receive' | 'keepUp'>;
  readonly timers: Timers;
  readonly events: WriterEvents;
}

export interface WriterEvents {
  /** A slot is in the store, or never will be; `dropped`: too many slots waited. */
  settled(fate: SlotFate | 'dropped'): void;
  /** Called once when the store can't write slots, or can't add up its rows. */
  failed(error: unknown): void;
  /**
   * Called once when it works again.
   * @param dropped the number of slots that were lost in the meantime
   */
  recovered(dropped: number): void;
}

export interface WriterOptions {
  /** The most slots that wait. */
  readonly maxSlots: number;
  /** The most rows in all slots that wait; a row takes some 500 bytes. */
  readonly maxRows: number;
}

/** The slots of one process in an hour. */
export const WAITING: WriterOptions = { maxSlots: 360, maxRows: 200_000 };

/** The most slots written in one transaction. */
const SLOTS_A_TIME = 8;
const ROWS_A_TIME = 20_000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;
const UPKEEP_MS = 10_000;

/**
 * Writes slots to the store in the background, and maintains the store. Callers never wait. While the store does not
 * accept slots, they wait within bounds, and the oldest are dropped.
 */
export class SlotWriter implements SlotTaker {
  readonly #ports: WriterPorts;
  readonly #options: WriterOptions;
  readonly #waiting: Slot[] = [];
  /** The rows of all slots that wait. */
  #rows = 0;
  /** How many of the first slots are being written now. */
  #underWay = 0;
  #writing: Promise<void> | undefined;
  #keeping: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;
  #cancelUpkeep: () => void = () => {};
  #retryMs = FIRST_RETRY_MS;
  #isFailing = false;
  #droppedSince = 0;
  #isClosed = false;

  constructor(ports: WriterPorts, options: WriterOptions = WAITING) {
    this.#ports = ports;
    this.#options = options;
    this.#planUpkeep();
  }

  /** The number of slots that wait or are being written. */
  get waiting(): number {
    return this.#waiting.length;
  }

  take(slot: Slot): void {
    if (this.#isClosed) return;
    this.#waiting.push(slot);
    this.#rows += slot.rows.length;
    this.#bound();
    if (this.#cancelRetry === undefined) this.#write();
  }

  /** Tries once to write the slots that wait; those that can't be written are lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelUpkeep();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    await this.#writing;
    while (this.#waiting.length > 0) {
      const before = this.#waiting.length;
      await this.#writeSome();
      if (this.#waiting.length === before) break;
    }
    for (const _ of this.#waiting.splice(0)) this.#ports.events.settled('dropped');
    await this.#keeping;
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 && this.#cancelRetry === undefined) {
      if (!(await this.#writeSome()) && !this.#isClosed) this.#planRetry();
      if (this.#isClosed) return;
    }
  }

  async #writeSome(): Promise<boolean> {
    const some = this.#next();
    this.#underWay = some.length;
    try {
      const { fates } = await this.#ports.history.receive(some);
      for (const { rows } of this.#waiting.splice(0, some.length)) this.#rows -= rows.length;
      for (const fate of fates) this.#ports.events.settled(fate);
      this.#worked();
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    } finally {
      this.#underWay = 0;
      this.#bound();
    }
  }

  #bound(): void {
    while (this.#isOver()) {
      // Slots that are being written are not dropped: they may reach the store.
      const [dropped] = this.#waiting.splice(this.#underWay, 1);
      this.#rows -= dropped?.rows.length ?? 0;
      this.#droppedSince += 1;
      this.#ports.events.settled('dropped');
    }
  }

  #isOver(): boolean {
    const { maxSlots, maxRows } = this.#options;
    const idle = this.#waiting.length - this.#underWay;
    return idle > maxSlots || (this.#rows > maxRows && idle > 1);
  }

  #next(): Slot[] {
    const some: Slot[] = [];
    let rows = 0;
    for (const slot of this.#waiting) {
      rows += slot.rows.length;
      if (some.length > 0 && (some.length === SLOTS_A_TIME || rows > ROWS_A_TIME)) break;
      some.push(slot);
    }
    return some;
  }

  #planRetry(): void {
    this.#cancelRetry = this.#ports.timers.after(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      this.#write();
    });
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #planUpkeep(): void {
    this.#cancelUpkeep = this.#ports.timers.after(UPKEEP_MS, () => {
      this.#keeping = this.#keepUp();
    });
  }

  async #keepUp(): Promise<void> {
    try {
      await this.#ports.history.keepUp();
      if (this.#waiting.length === 0) this.#worked();
    } catch (error) {
      this.#failed(error);
    }
    if (!this.#isClosed) this.#planUpkeep();
  }

  #failed(error: unknown): void {
    if (!this.#isFailing) this.#ports.events.failed(error);
    this.#isFailing = true;
  }

  #worked(): void {
    this.#retryMs = FIRST_RETRY_MS;
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#ports.events.recovered(this.#droppedSince);
    this.#droppedSince = 0;
  }
}
