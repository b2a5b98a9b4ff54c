import type { Clock, Timers } from '../clock.ts';
import type { Batch, BatchQueue } from './batch.ts';
import { diskFault } from './disk.ts';
import type { MemoryQueue } from './memory-queue.ts';
import { SpoolTaken } from './spool.ts';
import type { Spool } from './spool.ts';

export interface SpooledQueueOptions {
  readonly spool: Spool;
  /** Takes batches while the disk does not. */
  readonly memory: MemoryQueue;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Reports once when the disk fails, and once when it works again. */
  readonly told: (change: { readonly isAway: boolean; readonly detail: string }) => void;
}

/** After a fault, the disk is not used for this long. */
const REST_MS = 5000;
const SYNC_MS = 1000;

interface Access {
  restsUntil: number;
  isAway: boolean;
}

/** Batches on disk, and in memory while the disk fails. Those on disk are older, and are sent first. */
export class SpooledQueue implements BatchQueue {
  readonly #options: SpooledQueueOptions;
  /** The spool is used by one operation at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #from: 'disk' | 'memory' | undefined;
  /** Writing and reading fail separately: a full disk can still be read, which frees space. */
  readonly #writing: Access = { restsUntil: -Infinity, isAway: false };
  readonly #reading: Access = { restsUntil: -Infinity, isAway: false };
  #isClosed = false;
  #cancelSync: (() => void) | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(options: SpooledQueueOptions) {
    this.#options = options;
  }

  get events(): number {
    return this.#options.spool.events + this.#options.memory.events;
  }

  get memoryBytes(): number {
    return this.#options.memory.memoryBytes;
  }

  get diskBytes(): number {
    return this.#options.spool.bytes;
  }

  async push(batch: Batch): Promise<void> {
    const { spool, memory } = this.#options;
    const isKept = await this.#use(this.#writing, async () => {
      await spool.append(batch);
      return true;
    });
    if (isKept === true) this.#syncLater();
    else await memory.push(batch);
    this.#wake();
  }

  async next(): Promise<Batch | undefined> {
    const { spool, memory, timers } = this.#options;
    for (;;) {
      if (this.#isClosed) return undefined;
      const changed = this.#changed.promise;
      const stored = this.#from === 'memory' ? undefined : await this.#use(this.#reading, () => spool.read());
      const batch = stored ?? memory.peek();
      this.#from = stored === undefined ? 'memory' : 'disk';
      if (batch !== undefined) return batch;
      this.#from = undefined;
      // If reading has failed, the spool is tried again later.
      const cancel = this.#reading.isAway && spool.events > 0 ? timers.after(REST_MS, () => this.#wake()) : undefined;
      await changed;
      cancel?.();
    }
  }

  async done(): Promise<void> {
    const from = this.#from;
    this.#from = undefined;
    if (from === 'memory') await this.#options.memory.done();
    else if (from === 'disk') await this.#use(this.#reading, () => this.#options.spool.done());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSync?.();
    const { spool, memory } = this.#options;
    this.#writing.restsUntil = this.#reading.restsUntil = -Infinity;
    for (let batch = memory.peek(); batch !== undefined; batch = memory.peek()) {
      const rest = batch;
      const isKept = await this.#use(this.#writing, async () => {
        await spool.append(rest);
        return true;
      });
      if (isKept !== true) break;
      await memory.done();
    }
    await memory.close();
    await this.#use(this.#writing, () => spool.close());
    this.#wake();
  }

  /** Undefined if the disk failed, or is not used at the moment. */
  async #use<T>(access: Access, work: () => Promise<T>): Promise<T | undefined> {
    const { clock, told } = this.#options;
    const turn = this.#turn.then(async () => {
      if (clock.monotonic() < access.restsUntil) return undefined;
      try {
        const result = await work();
        if (access.isAway) told({ isAway: false, detail: 'the disk takes events again' });
        access.isAway = false;
        return result;
      } catch (error) {
        const isTaken = error instanceof SpoolTaken;
        access.restsUntil = isTaken ? Infinity : clock.monotonic() + REST_MS;
        if (!access.isAway) told({ isAway: true, detail: isTaken ? error.message : diskFault(error) });
        access.isAway = true;
        return undefined;
      }
    });
    this.#turn = turn;
    return turn;
  }

  #syncLater(): void {
    this.#cancelSync ??= this.#options.timers.after(SYNC_MS, () => {
      this.#cancelSync = undefined;
      void this.#use(this.#writing, () => this.#options.spool.sync());
    });
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
