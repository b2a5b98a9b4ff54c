import type { Batch, BatchQueue, DropReason } from './batch.ts';

export interface MemoryQueueOptions {
  readonly maxBytes: number;
  readonly dropped: (reason: DropReason, events: number) => void;
}

/** Batches in memory. If it is full, the oldest is removed, but never the one that is being sent. */
export class MemoryQueue implements BatchQueue {
  readonly #options: MemoryQueueOptions;
  readonly #batches: Batch[] = [];
  #isFirstTaken = false;
  #isClosed = false;
  #arrived = Promise.withResolvers<void>();
  events = 0;
  memoryBytes = 0;
  readonly diskBytes = 0;

  constructor(options: MemoryQueueOptions) {
    this.#options = options;
  }

  async push(batch: Batch): Promise<void> {
    this.#batches.push(batch);
    this.#count(batch, 1);
    while (this.memoryBytes > this.#options.maxBytes) {
      const [oldest] = this.#batches.splice(this.#isFirstTaken ? 1 : 0, 1);
      if (oldest === undefined) break;
      this.#count(oldest, -1);
      this.#options.dropped('queue_full', oldest.events);
    }
    this.#wake();
  }

  /** Returns the oldest batch without waiting; it stays until {@link done} is called. */
  peek(): Batch | undefined {
    const [first] = this.#batches;
    this.#isFirstTaken = first !== undefined;
    return first;
  }

  async next(): Promise<Batch | undefined> {
    for (;;) {
      if (this.#isClosed) return undefined;
      const batch = this.peek();
      if (batch !== undefined) return batch;
      await this.#arrived.promise;
    }
  }

  async done(): Promise<void> {
    const batch = this.#batches.shift();
    this.#isFirstTaken = false;
    if (batch !== undefined) this.#count(batch, -1);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.events > 0) this.#options.dropped('shutdown', this.events);
    this.#batches.length = 0;
    this.events = this.memoryBytes = 0;
    this.#wake();
  }

  #count({ events, body }: Batch, sign: 1 | -1): void {
    this.events += sign * events;
    this.memoryBytes += sign * body.length;
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}
