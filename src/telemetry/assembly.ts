import type { SlotPart } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { Slot, SlotRow } from '../rollup/slot.ts';
import { MalformedSlot, readPart } from './read-slot.ts';

/** The most unfinished slots of a node. Beyond it the oldest is forgotten; its node sends it again. */
const MOST_UNFINISHED = 2;

interface Unfinished {
  readonly parts: (readonly SlotRow[] | undefined)[];
  readonly head: Slot;
  rows: number;
  missing: number;
}

/** Joins the parts of slots, which may arrive in any order. */
export class Assembly {
  readonly #node: string;
  readonly #mostRows: number;
  readonly #unfinished = new Map<string, Unfinished>();

  /** @param mostRows the most rows of a slot */
  constructor(node: string, mostRows: number) {
    this.#node = node;
    this.#mostRows = mostRows;
  }

  /** How many rows wait for others. */
  get rows(): number {
    let rows = 0;
    for (const unfinished of this.#unfinished.values()) rows += unfinished.rows;
    return rows;
  }

  /**
   * @returns the slot, once all of its parts are there
   * @throws MalformedSlot
   */
  add(message: SlotPart): Slot | undefined {
    const { part, parts } = message;
    if (parts === 0 || part >= parts) throw new MalformedSlot(`part: there is no part ${part} of ${parts}`);
    const slot = readPart(this.#node, message);
    if (slot.rows.length > this.#mostRows || parts > this.#mostRows) throw this.#tooMany();
    if (parts === 1) return slot;
    const name = `${slot.epoch} ${slot.sequence}`;
    const known = this.#unfinished.get(name) ?? this.#begin(name, slot, parts);
    if (!isSame(known, slot, parts)) throw new MalformedSlot('the parts of the slot do not fit together');
    if (known.parts[part] !== undefined) return undefined;
    known.parts[part] = slot.rows;
    known.rows += slot.rows.length;
    known.missing -= 1;
    if (known.rows > this.#mostRows) {
      this.#unfinished.delete(name);
      throw this.#tooMany();
    }
    if (known.missing > 0) return undefined;
    this.#unfinished.delete(name);
    return { ...slot, rows: known.parts.flatMap((rows) => rows ?? []) };
  }

  #begin(name: string, head: Slot, parts: number): Unfinished {
    const [oldest] = this.#unfinished.keys();
    if (oldest !== undefined && this.#unfinished.size >= MOST_UNFINISHED) this.#unfinished.delete(oldest);
    const begun: Unfinished = {
      parts: Array.from({ length: parts }),
      head: { ...head, rows: [] },
      rows: 0,
      missing: parts,
    };
    this.#unfinished.set(name, begun);
    return begun;
  }

  #tooMany(): MalformedSlot {
    return new MalformedSlot(`rows: more than ${this.#mostRows} in a slot`);
  }
}

function isSame({ head, parts: { length } }: Unfinished, slot: Slot, parts: number): boolean {
  return length === parts && head.startMs === slot.startMs && head.periodMs === slot.periodMs;
}
