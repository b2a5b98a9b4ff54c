/**
 * Protobuf written as binary strings: one character a byte. A block's length is then its string's,
 * pieces are put together by `+`, and one write turns the whole into bytes.
 */

/** A length-delimited field. @param field below 16 */
export function block(field: number, payload: string): string {
  const { length } = payload;
  const tag = (field << 3) | 2;
  return length < 0x80
    ? String.fromCharCode(tag, length) + payload
    : String.fromCharCode(tag) + varint(length) + payload;
}

/** A string field: UTF-8, lone surrogates as U+FFFD. */
export function text(field: number, value: string): string {
  return block(field, /^[\0-\x7f]*$/.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1'));
}

/** An integer or enumeration. @param field below 16 @param value not negative, below 2^31 */
export function number(field: number, value: number): string {
  return String.fromCharCode(field << 3) + varint(value);
}

/** A floating-point number of 64 bits. @param field below 16 */
export function double(field: number, value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return String.fromCharCode((field << 3) | 1) + bytes.toString('latin1');
}

export function toBytes(message: string): Uint8Array {
  return Buffer.from(message, 'latin1');
}

function varint(value: number): string {
  let rest = value;
  let bytes = '';
  for (; rest >= 0x80; rest >>>= 7) bytes += String.fromCharCode((rest & 0x7f) | 0x80);
  return bytes + String.fromCharCode(rest);
}
