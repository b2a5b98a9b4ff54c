import { BodyScan } from './body-scan.ts';
import { Names } from './json-names.ts';
import { JsonTextReader } from './json-text.ts';
import type { BodyFault } from './request-body.ts';

/** The limits of a body; Infinity: no limit. */
export interface JsonLimits {
  /** The deepest nesting of objects and arrays; one by itself is 1. Finite, because open ones are remembered. */
  readonly containerDepth: number;
  /** In UTF-16 code units, like the other length. */
  readonly stringValueLength: number;
  readonly objectEntryNameLength: number;
  readonly objectEntryCount: number;
  readonly arrayElementCount: number;
}

/** An object or array that is open. An object remembers its names. */
interface Open {
  readonly names: Names | undefined;
  /** The number of entries or elements so far. */
  count: number;
}

const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const [QUOTE, COMMA, COLON, MINUS] = [0x22, 0x2c, 0x3a, 0x2d];

/**
 * Reads a body once, and remembers only the names of open objects. It accepts a JSON text (RFC 8259) in UTF-8,
 * without a byte order mark. It refuses objects with the same name twice, because an upstream could take either.
 * @returns undefined if the body is valid
 */
export function scanJson(bytes: Buffer, limits: JsonLimits): BodyFault | undefined {
  return new Scan(bytes, limits).run();
}

/** What is expected next. */
type Turn = 'value' | 'rest' | 'end' | 'fault';

class Scan extends BodyScan {
  readonly #limits: JsonLimits;
  readonly #open: Open[] = [];
  readonly #reader = new JsonTextReader();

  constructor(bytes: Buffer, limits: JsonLimits) {
    super(bytes);
    this.#limits = limits;
  }

  run(): BodyFault | undefined {
    if (this.bytes[0] === 0xef && this.bytes[1] === 0xbb) this.wrong('it begins with a byte order mark');
    let turn: Turn = this.fault === undefined ? 'value' : 'fault';
    while (turn === 'value' || turn === 'rest') turn = turn === 'value' ? this.#value() : this.#rest();
    if (turn === 'fault') return this.fault;
    this.space();
    if (this.at < this.bytes.length) this.wrong('something follows the value');
    return this.fault;
  }

  /** Reads one value; or the beginning of an object or array, up to its first value. */
  #value(): Turn {
    this.space();
    switch (this.bytes[this.at]) {
      case OBJECT:
        if (!this.#begin({ names: new Names(this.bytes), count: 0 })) return 'fault';
        if (this.#ends(OBJECT_END)) return 'rest';
        return this.#entry() ? 'value' : 'fault';
      case ARRAY:
        if (!this.#begin({ names: undefined, count: 0 })) return 'fault';
        if (this.#ends(ARRAY_END)) return 'rest';
        return this.#element() ? 'value' : 'fault';
      case QUOTE:
        return this.#text() ? 'rest' : 'fault';
      case 0x74:
        return this.#word('true') ? 'rest' : 'fault';
      case 0x66:
        return this.#word('false') ? 'rest' : 'fault';
      case 0x6e:
        return this.#word('null') ? 'rest' : 'fault';
      default:
        return this.#number() ? 'rest' : 'fault';
    }
  }

  /** Reads what follows a value: a comma, up to the next value, or the end of an object or array. */
  #rest(): Turn {
    const top = this.#open.at(-1);
    if (top === undefined) return 'end';
    this.space();
    const byte = this.bytes[this.at];
    if (byte === COMMA) {
      this.at += 1;
      return (top.names === undefined ? this.#element() : this.#entry()) ? 'value' : 'fault';
    }
    if (byte !== (top.names === undefined ? ARRAY_END : OBJECT_END)) {
      this.wrong(byte === undefined ? 'it is cut off' : 'a comma or an end is missing');
      return 'fault';
    }
    this.at += 1;
    this.#open.pop();
    return 'rest';
  }

  #begin(open: Open): boolean {
    if (this.#open.length >= this.#limits.containerDepth) {
      return this.limit(`it is nested deeper than ${this.#limits.containerDepth}`);
    }
    this.#open.push(open);
    this.at += 1;
    return true;
  }

  /** Whether the object or array that was just opened is empty. */
  #ends(end: number): boolean {
    this.space();
    if (this.bytes[this.at] !== end) return false;
    this.at += 1;
    this.#open.pop();
    return true;
  }

  /**
   * Reads the name of an entry and its colon.
   * @returns whether a value follows
   */
  #entry(): boolean {
    const top = this.#open.at(-1) as Open;
    this.space();
    if (this.bytes[this.at] !== QUOTE) return this.wrong('a name is missing');
    const start = this.at;
    this.#reader.read(this.bytes, start + 1);
    const { end, length, hasEscapes, problem } = this.#reader;
    if (end < 0) return this.wrong(problem);
    if (length > this.#limits.objectEntryNameLength) {
      return this.limit(`a name is longer than ${this.#limits.objectEntryNameLength}`);
    }
    top.count += 1;
    if (top.count > this.#limits.objectEntryCount) {
      return this.limit(`an object has more than ${this.#limits.objectEntryCount} entries`);
    }
    if (top.names?.add(start, end, hasEscapes) === false) {
      return this.wrong('an object has a name twice');
    }
    this.at = end;
    this.space();
    if (this.bytes[this.at] !== COLON) return this.wrong('a colon is missing');
    this.at += 1;
    return true;
  }

  #element(): boolean {
    const top = this.#open.at(-1) as Open;
    top.count += 1;
    if (top.count > this.#limits.arrayElementCount) {
      return this.limit(`an array has more than ${this.#limits.arrayElementCount} elements`);
    }
    return true;
  }

  #text(): boolean {
    this.#reader.read(this.bytes, this.at + 1);
    const { end, length, problem } = this.#reader;
    if (end < 0) return this.wrong(problem);
    if (length > this.#limits.stringValueLength) {
      return this.limit(`a text is longer than ${this.#limits.stringValueLength}`);
    }
    this.at = end;
    return true;
  }

  #word(word: string): boolean {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.at + i] !== word.charCodeAt(i)) return this.wrong('a value is none');
    }
    this.at += word.length;
    return true;
  }

  /** Reads a number (RFC 8259, 6). */
  #number(): boolean {
    const start = this.at;
    if (this.bytes[this.at] === MINUS) this.at += 1;
    if (this.bytes[this.at] === 0x30) this.at += 1;
    else if (!this.#digits()) return this.wrong(start === this.bytes.length ? 'it is cut off' : 'a value is none');
    if (this.bytes[this.at] === 0x2e) {
      this.at += 1;
      if (!this.#digits()) return this.wrong('a number has no digit after its point');
    }
    if (((this.bytes[this.at] ?? 0) | 0x20) === 0x65) {
      this.at += 1;
      const sign = this.bytes[this.at];
      if (sign === MINUS || sign === 0x2b) this.at += 1;
      if (!this.#digits()) return this.wrong('a number has no digit in its exponent');
    }
    return true;
  }

  #digits(): boolean {
    const start = this.at;
    for (;;) {
      const byte = this.bytes[this.at] ?? 0;
      if (byte < 0x30 || byte > 0x39) return this.at > start;
      this.at += 1;
    }
  }
}
