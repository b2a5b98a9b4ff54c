import { utf8Width } from './utf8.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The escapes `"`, `\`, `/`, `b`, `f`, `n`, `r`, `t` (RFC 8259, 7). */
const SIMPLE_ESCAPES = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);

/** Reads texts between double quotes. Its fields describe the last text. */
export class JsonTextReader {
  /** The index behind the closing quote; negative if the text is malformed: see {@link problem}. */
  end = 0;
  /** In UTF-16 code units after escapes are resolved, which is the length in JavaScript, Java and C#. */
  length = 0;
  hasEscapes = false;
  problem = '';

  /** @param start the index behind the opening quote */
  read(bytes: Uint8Array, start: number): void {
    this.hasEscapes = false;
    let length = 0;
    let at = start;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) return this.#fail('a text does not end');
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        const width = escapeWidth(bytes, at + 1);
        if (width === 0) return this.#fail('a text has an escape that is none');
        this.hasEscapes = true;
        at += 1 + width;
        length += 1;
      } else if (byte < 0x20) {
        return this.#fail('a text has a control character');
      } else if (byte < 0x80) {
        at += 1;
        length += 1;
      } else {
        const width = utf8Width(bytes, at, byte);
        if (width === 0) return this.#fail('a text is not UTF-8');
        at += width;
        length += width === 4 ? 2 : 1;
      }
    }
    this.end = at + 1;
    this.length = length;
  }

  #fail(problem: string): void {
    this.end = -1;
    this.problem = problem;
  }
}

/** Returns 0 if it is not an escape. */
function escapeWidth(bytes: Uint8Array, at: number): 0 | 1 | 5 {
  const sign = bytes[at];
  if (sign === undefined) return 0;
  if (SIMPLE_ESCAPES.has(sign)) return 1;
  if (sign !== 0x75) return 0;
  for (let i = at + 1; i <= at + 4; i++) if (!isHexDigit(bytes[i])) return 0;
  return 5;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
