import type { Clock, Timers } from '../clock.ts';
import { Dictionary, FOLDED_NUMBER } from './dictionary.ts';
import { DIMENSIONS, FOLDED } from './slot.ts';
import type { Slot, SlotCompleteness, SlotRow, SlotTaker } from './slot.ts';
import { SlotTable } from './slot-table.ts';
import type { Measured } from './slot-table.ts';

export const SLOT_MS = 10_000;

/** Rows made into objects without a pause: well below a millisecond. */
const ROWS_PER_TURN = 500;
/** The most past spans with corrections. Before there is one more, all are given out. */
const MOST_CORRECTED = 400;
/** The number of texts of each dimension to keep although no slot uses them any more. */
const SPARE_TEXTS = 1024;

export interface CubeOptions {
  /** The values for `Slot.node` and `Slot.epoch`. */
  readonly node: string;
  readonly epoch: string;
  /** The most rows of a slot. */
  readonly mostSeries: number;
}

export interface CubePorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly timers: Timers;
}

/** An open span: what was counted in it, and how complete that is. */
interface Span {
  readonly startMs: number;
  readonly table: SlotTable;
  readonly completeness: { -readonly [Key in keyof SlotCompleteness]: number };
}

/** A span that has ended, and is made into a {@link Slot} in small steps. */
interface Ended extends Span {
  readonly rows: SlotRow[];
}

/**
 * Counts requests in slots of ten seconds of the wall clock, and gives each slot to its takers when it is over.
 * If the clock is set, the current slot ends, and the next one begins at the new time. So there is no slot for time
 * that was skipped, and two slots begin at the same time if time repeats. A slot without requests is given out too:
 * it says that there were none.
 */
export class Cube {
  readonly #options: CubeOptions;
  readonly #ports: CubePorts;
  readonly #seed: number;
  readonly #takers: SlotTaker[] = [];
  readonly #listeners: (() => void)[] = [];
  readonly #dictionaries: readonly Dictionary[];
  readonly #key = new Uint32Array(DIMENSIONS.length);
  readonly #corrected = new Map<number, Span>();
  readonly #ended: Ended[] = [];
  #current: Span;
  #spare: SlotTable | undefined;
  #generation = 1;
  #sequence = 0;
  #cancel: () => void = () => {};
  #isMaking = false;
  #isClosed = false;

  constructor(options: CubeOptions, ports: CubePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#seed = Number.parseInt(options.epoch, 16);
    // For the current slot, the one that is being made, and spare texts.
    const mostTexts = options.mostSeries * 2 + SPARE_TEXTS;
    this.#dictionaries = DIMENSIONS.map(() => new Dictionary(mostTexts));
    this.#current = spanOf(startOf(ports.clock.now()), this.#newTable());
    this.#await();
  }

  /** The number of the last slot that has ended: it is given, or soon will be. */
  get ended(): number {
    return this.#sequence + this.#ended.length;
  }

  /** From now on gives every slot that ends to this taker too. */
  addTaker(taker: SlotTaker): void {
    this.#takers.push(taker);
  }

  /** Calls the listener before slots are given out, so that it can add corrections and completeness. */
  beforeSlots(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Counts in the current slot.
   * @param key a text for each of {@link DIMENSIONS}
   */
  add(key: readonly string[], measured: Measured): void {
    this.#add(this.#current, key, measured);
  }

  /**
   * Counts in a slot that may be over. A further slot with the same start corrects it.
   * @param atMs milliseconds since the Unix epoch, anywhere in the slot
   */
  correct(atMs: number, key: readonly string[], measured: Measured): void {
    this.#add(this.#spanAt(atMs), key, measured);
  }

  /** Adds to the completeness of the slot at that time. Any number may be negative. */
  complete(atMs: number, { decided, reported, unreported, unknown }: SlotCompleteness): void {
    const { completeness } = this.#spanAt(atMs);
    completeness.decided += decided;
    completeness.reported += reported;
    completeness.unreported += unreported;
    completeness.unknown += unknown;
  }

  /** Checks the clock. Call it before adding what has arrived. */
  tick(): void {
    if (startOf(this.#ports.clock.now()) !== this.#current.startMs) this.#turn();
  }

  /** Gives out everything. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#endAll();
    while (this.#ended.length > 0) this.#make(Number.POSITIVE_INFINITY);
  }

  #add({ table }: Span, key: readonly string[], measured: Measured): void {
    const numbers = this.#key;
    let isFolded = false;
    for (let dimension = 0; dimension < numbers.length; dimension++) {
      const text = key[dimension] as string;
      const number = text === '' ? 0 : (this.#dictionaries[dimension] as Dictionary).numberOf(text);
      if (number === FOLDED_NUMBER && text !== FOLDED) isFolded = true;
      numbers[dimension] = number;
    }
    if (!table.add(numbers, measured, isFolded)) return;
    for (let dimension = 0; dimension < numbers.length; dimension++) {
      (this.#dictionaries[dimension] as Dictionary).markUsed(numbers[dimension] as number, this.#generation);
    }
  }

  #spanAt(atMs: number): Span {
    const startMs = startOf(atMs);
    if (startMs === this.#current.startMs) return this.#current;
    const known = this.#corrected.get(startMs);
    if (known !== undefined) return known;
    if (this.#corrected.size >= MOST_CORRECTED) {
      this.#endCorrected();
      this.#plan();
    }
    const made = spanOf(startMs, this.#newTable());
    this.#corrected.set(startMs, made);
    return made;
  }

  #newTable(): SlotTable {
    return new SlotTable(this.#options.mostSeries, this.#seed);
  }

  #await(): void {
    const leftMs = this.#current.startMs + SLOT_MS - this.#ports.clock.now();
    this.#cancel = this.#ports.timers.after(Math.min(SLOT_MS, Math.max(1, leftMs)), () => {
      this.tick();
      this.#await();
    });
  }

  #turn(): void {
    this.#endAll();
    this.#current = spanOf(startOf(this.#ports.clock.now()), this.#spare ?? this.#newTable());
    this.#spare = undefined;
    this.#plan();
  }

  #endAll(): void {
    for (const listener of this.#listeners) listener();
    this.#endCorrected();
    this.#ended.push({ ...this.#current, rows: [] });
    this.#generation += 1;
  }

  #endCorrected(): void {
    for (const span of this.#corrected.values()) this.#ended.push({ ...span, rows: [] });
    this.#corrected.clear();
  }

  #plan(): void {
    if (this.#isMaking || this.#ended.length === 0) return;
    this.#isMaking = true;
    setImmediate(() => {
      this.#isMaking = false;
      this.#make(ROWS_PER_TURN);
      this.#plan();
    }).unref();
  }

  /** Makes at most this many rows of ended spans, and gives out each slot that is complete. */
  #make(most: number): void {
    let made = 0;
    for (let span = this.#ended[0]; span !== undefined; span = this.#ended[0]) {
      const { table, rows } = span;
      while (rows.length < table.size) {
        if (made++ >= most) return;
        rows.push(table.rowAt(rows.length, this.#dictionaries));
      }
      this.#ended.shift();
      this.#give(span);
      this.#release(table);
    }
    for (const dictionary of this.#dictionaries) {
      if (dictionary.size > SPARE_TEXTS) dictionary.sweep(this.#generation);
    }
  }

  #give({ startMs, table, rows, completeness }: Ended): void {
    const { node, epoch } = this.#options;
    const { folded } = table;
    this.#sequence += 1;
    const own = { node, epoch, sequence: this.#sequence, startMs, periodMs: SLOT_MS };
    const slot: Slot = { ...own, rows, completeness, folded };
    for (const taker of this.#takers) taker.take(slot);
  }

  /** Keeps the largest unused table, so that the next slot need not grow one. */
  #release(table: SlotTable): void {
    if (this.#spare !== undefined && this.#spare.room >= table.room) return;
    table.clear();
    this.#spare = table;
  }
}

function spanOf(startMs: number, table: SlotTable): Span {
  return { startMs, table, completeness: { decided: 0, reported: 0, unreported: 0, unknown: 0 } };
}

function startOf(atMs: number): number {
  return Math.floor(atMs / SLOT_MS) * SLOT_MS;
}
