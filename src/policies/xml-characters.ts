import { utf8Width } from './utf8.ts';

/**
 * The characters at the beginning of a name, and inside it (XML 1.0, 2.3). Characters beyond U+FFFF are left out,
 * since many parsers refuse them.
 */
const NAME =
  /^[:A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD][-.0-9:A-Z_a-z\u00B7\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u037D\u037F-\u1FFF\u200C-\u200D\u203F-\u2040\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD]*$/u;

/** Bytes that end a name: white space and markup. */
const ENDS_NAME = new Uint8Array(256);
for (const byte of Buffer.from(' \t\r\n<>/=?&;"\'[]!')) ENDS_NAME[byte] = 1;

/** Returns the index behind the name that begins here; −1 if there is no name. */
export function nameEnd(bytes: Buffer, start: number): number {
  let end = start;
  let isAscii = true;
  for (let byte = bytes[end]; byte !== undefined && ENDS_NAME[byte] !== 1; byte = bytes[++end]) {
    if (byte >= 0x80) isAscii = false;
  }
  if (end === start) return -1;
  const name = bytes.toString('utf8', start, end);
  if (!isAscii && Buffer.byteLength(name) !== end - start) return -1;
  return NAME.test(name) && !name.includes('\uFFFD') ? end : -1;
}

/** Returns the width of the character here; 0 if it is not an XML character (2.2) or not UTF-8. */
export function characterWidth(bytes: Buffer, at: number): 0 | 1 | 2 | 3 | 4 {
  const byte = bytes[at] ?? 0;
  if (byte < 0x80) return byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d ? 1 : 0;
  const width = utf8Width(bytes, at, byte);
  // U+FFFE and U+FFFF.
  if (width === 3 && byte === 0xef && bytes[at + 1] === 0xbf && (bytes[at + 2] ?? 0) >= 0xbe) return 0;
  return width;
}

const REFERENCE = /^&(?:lt|gt|amp|quot|apos|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/;

/**
 * Returns the width of the reference that begins here; 0 if it refers to an entity of the document's own, or to no
 * character.
 */
export function referenceWidth(bytes: Buffer, at: number): number {
  const found = REFERENCE.exec(bytes.toString('latin1', at, at + 12));
  if (found === null) return 0;
  const [whole, decimal, hex] = found;
  if (decimal === undefined && hex === undefined) return whole.length;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  const isCharacter =
    code === 0x09 ||
    code === 0x0a ||
    code === 0x0d ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff);
  return isCharacter ? whole.length : 0;
}
