/** A power of two. */
const PLACES = 64;
/** The longest name that DNS knows, with a port. */
const MAX_LENGTH = 261;
const ASCII_END = 0x80;

/**
 * Texts that come again with almost every message, such as hosts and methods: one that is known is not decoded
 * again, and what it is looked up by was hashed before. Callers choose them, so only {@link PLACES} are kept, and one
 * makes room for the next.
 */
export class RecurringTexts {
  /** ASCII alone: as many characters as bytes. */
  readonly #known: string[] = Array.from({ length: PLACES }, () => '');

  of(bytes: Buffer, start: number, end: number): string {
    if (start === end) return '';
    const length = end - start;
    const place = (length * 7 + (bytes[start] as number) + (bytes[end - 1] as number) * 3) & (PLACES - 1);
    const known = this.#known[place];
    if (known !== undefined && isSame(known, bytes, start, length)) return known;
    const text = bytes.toString('utf8', start, end);
    if (length <= MAX_LENGTH && text.length === length && isAscii(bytes, start, end)) this.#known[place] = text;
    return text;
  }
}

function isSame(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) >= ASCII_END) return false;
  return true;
}
