import type { HeaderField } from '../header-field.ts';
import { DynamicTable } from './dynamic-table.ts';
import { encodeHuffman, huffmanLength } from './huffman-encoder.ts';
import { LAST_STATIC_INDEX, STATIC_TABLE } from './static-table.ts';

/** A larger table would not be used: few answers have fields worth keeping. */
const TABLE_LIMIT = 4096;

const STATIC_INDEX_BY_NAME = new Map<string, number>();
const STATIC_INDEX_BY_FIELD = new Map<string, number>();
STATIC_TABLE.forEach(({ name, value }, index) => {
  if (index === 0) return;
  if (!STATIC_INDEX_BY_NAME.has(name)) STATIC_INDEX_BY_NAME.set(name, index);
  STATIC_INDEX_BY_FIELD.set(`${name} ${value}`, index);
});

/**
 * Encodes the header blocks of one connection (RFC 7541). Every method writes at an offset and
 * returns the offset behind what it wrote.
 */
export class HpackEncoder {
  /** Increases whenever an index may have moved, or a size update is due: blocks encoded before are then stale. */
  generation = 0;
  readonly #table = new DynamicTable(TABLE_LIMIT);
  readonly #insertedAs = new Map<HeaderField, number>();
  #insertions = 0;
  #capacity = TABLE_LIMIT;
  /** The least capacity since the last block; -1 where no size update is due. */
  #leastDue = -1;
  readonly #keep: ReadonlySet<HeaderField>;

  /** @param keep fields that most answers have: constants, known by identity */
  constructor(keep: ReadonlySet<HeaderField>) {
    this.#keep = keep;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setPeerLimit(octets: number): void {
    const capacity = Math.min(octets, TABLE_LIMIT);
    if (capacity === this.#capacity) return;
    this.#capacity = capacity;
    this.#leastDue = this.#leastDue < 0 ? capacity : Math.min(this.#leastDue, capacity);
    this.#table.resize(capacity);
    this.generation++;
  }

  /** Begins a block: RFC 7541, 4.2 wants a changed table size told here, the least before the last. */
  begin(output: Uint8Array, offset: number): number {
    if (this.#leastDue < 0) return offset;
    let at = offset;
    if (this.#leastDue < this.#capacity) at = writeInteger(output, at, 0x20, 0x1f, this.#leastDue);
    at = writeInteger(output, at, 0x20, 0x1f, this.#capacity);
    this.#leastDue = -1;
    this.generation++;
    return at;
  }

  /** The index of a kept field; 0 if it is not in the table now. */
  indexOf(field: HeaderField): number {
    const ordinal = this.#insertedAs.get(field);
    if (ordinal === undefined) return 0;
    const age = this.#insertions - ordinal;
    return age < this.#table.length ? LAST_STATIC_INDEX + 1 + age : 0;
  }

  field(output: Uint8Array, offset: number, field: HeaderField): number {
    return this.#keep.has(field)
      ? this.#kept(output, offset, field)
      : this.#once(output, offset, field.name, field.value);
  }

  /** A field of most answers: first it enters the peer's table, later it is an index. */
  #kept(output: Uint8Array, offset: number, field: HeaderField): number {
    const index = this.indexOf(field);
    if (index > 0) return writeInteger(output, offset, 0x80, 0x7f, index);
    this.#table.insert(field);
    this.#insertedAs.set(field, ++this.#insertions);
    this.generation++;
    return writeLiteral(output, offset, 0x40, 0x3f, field.name, field.value);
  }

  /** A single field: an index if the static table has it, otherwise a literal that is not kept. */
  #once(output: Uint8Array, offset: number, name: string, value: string): number {
    const index = STATIC_INDEX_BY_FIELD.get(`${name} ${value}`);
    if (index !== undefined) return writeInteger(output, offset, 0x80, 0x7f, index);
    return writeLiteral(output, offset, 0x00, 0x0f, name, value);
  }
}

/** Octets that a field takes at most, whatever the encoder chooses. */
export function greatestFieldBytes(name: string, value: string): number {
  return name.length + value.length + 16;
}

function writeLiteral(
  output: Uint8Array,
  offset: number,
  pattern: number,
  mask: number,
  name: string,
  value: string,
): number {
  const nameIndex = STATIC_INDEX_BY_NAME.get(name) ?? 0;
  let at = writeInteger(output, offset, pattern, mask, nameIndex);
  if (nameIndex === 0) at = writeString(output, at, name);
  return writeString(output, at, value);
}

/** RFC 7541, 5.2: Huffman where that is shorter. */
function writeString(output: Uint8Array, offset: number, text: string): number {
  const encoded = huffmanLength(text);
  if (encoded < text.length) return encodeHuffman(text, output, writeInteger(output, offset, 0x80, 0x7f, encoded));
  let at = writeInteger(output, offset, 0x00, 0x7f, text.length);
  for (let i = 0; i < text.length; i++) output[at++] = text.charCodeAt(i);
  return at;
}

/** RFC 7541, 5.1. */
function writeInteger(output: Uint8Array, offset: number, pattern: number, mask: number, value: number): number {
  let at = offset;
  if (value < mask) {
    output[at++] = pattern | value;
    return at;
  }
  output[at++] = pattern | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    output[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  output[at++] = rest;
  return at;
}
