import { crc32 } from 'node:zlib';

/** How far a spool is sent. */
export interface Cursor {
  /** The number of a segment, and where in it the next record begins. */
  readonly segment: number;
  readonly offset: number;
  /** Events that were ever written to the spool before that place. */
  readonly sent: number;
}

/** `SEGMENT OFFSET SENT CRC-32`, as decimal numbers. */
export function writeCursor({ segment, offset, sent }: Cursor): string {
  const text = `${segment} ${offset} ${sent}`;
  return `${text} ${crc32(text)}\n`;
}

/** Undefined if it is none: after a power loss a file may be empty. */
export function readCursor(content: string): Cursor | undefined {
  const [, text = '', segment, offset, sent, sum] =
    /^((\d{1,16}) (\d{1,16}) (\d{1,16})) (\d{1,10})\n$/.exec(content) ?? [];
  if (Number(sum) !== crc32(text) || text === '') return undefined;
  return { segment: Number(segment), offset: Number(offset), sent: Number(sent) };
}
