import { MalformedCheck, ProtoReader } from '../envoy/proto-reader.ts';
import { Entry } from './entry.ts';
import { readEntry, readTcpEntry } from './read-entry.ts';

/** One entry of a message, or why there is none. */
export type Next = Entry | 'malformed' | 'end';

/**
 * Iterates over the entries of a serialised `envoy.service.accesslog.v3.StreamAccessLogsMessage`. If a message has
 * entries of both kinds, all are read, in their order. The bytes must not change in the meantime.
 */
export class EntryReader {
  readonly #buffer: Buffer;
  readonly #reader: ProtoReader;
  readonly #end: number;
  readonly #entry: Entry;
  /** Start and end of the node's id. */
  readonly #node = [0, 0];
  #listEnd = 0;
  #isTcp = false;

  constructor(bytes: Uint8Array) {
    const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = buffer;
    this.#reader = new ProtoReader(buffer);
    this.#entry = new Entry(buffer);
    this.#end = buffer.length;
  }

  /**
   * The id of the Envoy that sends. Only the first message of a stream contains it, before its entries; empty: not
   * sent, or not yet read.
   */
  get node(): string {
    const [start, end] = this.#node;
    return this.#buffer.toString('utf8', start, end);
  }

  /**
   * Reads the next entry into the same object. After a malformed entry, reading continues with the next one; after a
   * malformed message, nothing more can be read.
   */
  next(): Next {
    try {
      return this.#next();
    } catch (error) {
      if (!(error instanceof MalformedCheck)) throw error;
      this.#reader.position = this.#listEnd = this.#end;
      return 'malformed';
    }
  }

  /** A `case` below is a complete tag: see `readCheck`. */
  #next(): Next {
    const reader = this.#reader;
    for (;;) {
      if (reader.position < this.#listEnd) {
        const tag = reader.tag(this.#listEnd);
        if (tag === 0x0a) return this.#read(reader.block(this.#listEnd));
        reader.skip(tag, this.#listEnd);
        continue;
      }
      if (reader.position >= this.#end) return 'end';
      const tag = reader.tag(this.#end);
      if (tag === 0x12 || tag === 0x1a) {
        this.#isTcp = tag === 0x1a;
        this.#listEnd = reader.block(this.#end);
      } else if (tag === 0x0a) {
        this.#readIdentifier(reader.block(this.#end));
      } else {
        reader.skip(tag, this.#end);
      }
    }
  }

  /** Reads a `StreamAccessLogsMessage.Identifier`. */
  #readIdentifier(end: number): void {
    const reader = this.#reader;
    while (reader.position < end) {
      const tag = reader.tag(end);
      if (tag === 0x0a) this.#readNode(reader.block(end));
      else reader.skip(tag, end);
    }
  }

  #readNode(end: number): void {
    const reader = this.#reader;
    while (reader.position < end) {
      const tag = reader.tag(end);
      if (tag === 0x0a) reader.span(this.#node, 0, end);
      else reader.skip(tag, end);
    }
  }

  #read(end: number): Next {
    const reader = this.#reader;
    try {
      this.#entry.clear(this.#isTcp);
      if (this.#isTcp) readTcpEntry(reader, end, this.#entry);
      else readEntry(reader, end, this.#entry);
      return this.#entry;
    } catch (error) {
      if (!(error instanceof MalformedCheck)) throw error;
      reader.position = end;
      return 'malformed';
    }
  }
}
