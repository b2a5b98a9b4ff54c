import { ConnectionError, ErrorCode } from '../error-code.ts';
import { HeaderField } from '../header-field.ts';
import { DynamicTable } from './dynamic-table.ts';
import { decodeHuffman } from './huffman-decoder.ts';
import { LAST_STATIC_INDEX, STATIC_TABLE } from './static-table.ts';

/** Takes the fields of a block, in order. */
export interface FieldSink {
  field(field: HeaderField): void;
}

/** A literal that was decoded before, found by the encoded octets of its value. */
interface Remembered {
  readonly octets: Buffer;
  readonly field: HeaderField;
}
/** Longer values are not cached: they are rare, and would take memory. */
const LONGEST_REMEMBERED = 256;

let scratch = Buffer.allocUnsafeSlow(4096);

/**
 * Decodes the header blocks of one connection (RFC 7541). The caller bounds the length of a block
 * and the fields it keeps; any fault is a COMPRESSION_ERROR and ends the connection (RFC 9113, 4.3).
 */
export class HpackDecoder {
  /** Increases whenever the dynamic table changes: while it stays the same, equal blocks have equal fields. */
  generation = 0;
  readonly #table: DynamicTable;
  readonly #limit: number;
  readonly #remembered: (Remembered | undefined)[] = Array.from({ length: LAST_STATIC_INDEX + 1 });
  #input: Buffer = scratch;
  #position = 0;
  #end = 0;

  /** @param limit the SETTINGS_HEADER_TABLE_SIZE that we announce, in octets */
  constructor(limit: number) {
    this.#limit = limit;
    this.#table = new DynamicTable(limit);
  }

  decode(input: Buffer, start: number, end: number, sink: FieldSink): void {
    this.#input = input;
    this.#position = start;
    this.#end = end;
    let sizeUpdateAllowed = true;
    while (this.#position < end) {
      const first = input[this.#position]!;
      if (first >= 0x80) {
        // Indexed field: section 6.1.
        sink.field(this.#lookUp(this.#integer(0x7f)));
      } else if (first >= 0x40) {
        // Literal with incremental indexing: section 6.2.1.
        const field = this.#literal(this.#integer(0x3f));
        this.#table.insert(field);
        this.generation++;
        sink.field(field);
      } else if (first < 0x20) {
        // Literal without indexing, or never indexed: sections 6.2.2 and 6.2.3.
        sink.field(this.#unindexed(this.#integer(0x0f)));
      } else {
        this.#sizeUpdate(sizeUpdateAllowed);
        continue;
      }
      sizeUpdateAllowed = false;
    }
  }

  /** Section 4.2: only at the beginning of a block, and never above what we announced. */
  #sizeUpdate(allowed: boolean): void {
    const capacity = this.#integer(0x1f);
    if (!allowed || capacity > this.#limit) throw compressionError('table size update out of place or too large');
    this.#table.resize(capacity);
    this.generation++;
  }

  #lookUp(index: number): HeaderField {
    if (index <= LAST_STATIC_INDEX && index > 0) return STATIC_TABLE[index]!;
    const field = index === 0 ? undefined : this.#table.at(index - LAST_STATIC_INDEX - 1);
    if (field === undefined) throw compressionError('no such index');
    return field;
  }

  #literal(nameIndex: number): HeaderField {
    if (nameIndex > 0) return this.#lookUp(nameIndex).withValue(this.#string());
    const name = this.#string();
    return new HeaderField(name, this.#string());
  }

  /** `:path` comes this way in every request, always the same: it is decoded once. */
  #unindexed(nameIndex: number): HeaderField {
    if (nameIndex === 0 || nameIndex > LAST_STATIC_INDEX) return this.#literal(nameIndex);
    const known = this.#remembered[nameIndex];
    if (known !== undefined && this.#continuesWith(known.octets)) {
      this.#position += known.octets.length;
      return known.field;
    }
    const start = this.#position;
    const field = this.#literal(nameIndex);
    if (this.#position - start <= LONGEST_REMEMBERED) {
      this.#remembered[nameIndex] = { octets: Buffer.from(this.#input.subarray(start, this.#position)), field };
    }
    return field;
  }

  /** A string begins with its length, so equal octets at this place mean an equal string. */
  #continuesWith(octets: Buffer): boolean {
    if (octets.length > this.#end - this.#position) return false;
    for (let i = 0; i < octets.length; i++) if (this.#input[this.#position + i] !== octets[i]) return false;
    return true;
  }

  /** Section 5.2. */
  #string(): string {
    if (this.#position >= this.#end) throw compressionError('block ends within a field');
    const huffman = this.#input[this.#position]! >= 0x80;
    const length = this.#integer(0x7f);
    const start = this.#position;
    const end = start + length;
    if (end > this.#end) throw compressionError('string reaches beyond its block');
    this.#position = end;
    if (!huffman) return this.#input.toString('latin1', start, end);
    if (scratch.length < length * 2) scratch = Buffer.allocUnsafeSlow(length * 2);
    const decoded = decodeHuffman(this.#input, start, end, scratch);
    if (decoded < 0) throw compressionError('bad Huffman code');
    return scratch.toString('latin1', 0, decoded);
  }

  /** Section 5.1. Four continuation octets encode up to 2^28, which is longer than any block here. */
  #integer(mask: number): number {
    let value = this.#input[this.#position++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#position >= this.#end) break;
      const octet = this.#input[this.#position++]!;
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw compressionError('integer cut short or too large');
  }
}

function compressionError(detail: string): ConnectionError {
  return new ConnectionError(ErrorCode.compressionError, `header block: ${detail}`);
}
