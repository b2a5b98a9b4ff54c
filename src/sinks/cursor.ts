import { crc32 } from 'node:zlib';

/** How far a spool has been sent. */
export interface Cursor {
  /** The number of a segment, and the offset of the next record in it. */
  readonly segment: number;
  readonly offset: number;
  /** The number of events that were ever written to the spool before that place. */
  readonly sent: number;
}

/** `SEGMENT OFFSET SENT CRC-32`, as decimal numbers. */
export function writeCursor({ segment, offset, sent }: Cursor): string {
  const text = `${segment} ${offset} ${sent}`;
  return `${text} ${crc32(text)}\n`;
}

/** Undefined if it is malformed: after a power loss the file may be empty. */
export function readCursor(content: string): Cursor | undefined {
  const [, text = '', segment, offset, sent, sum] =
    /^((\d{1,16}) (\d{1,16}) (\d{1,16})) (\d{1,10})\n$/.exec(content) ?? [];
  if (Number(sum) !== crc32(text) || text === '') return undefined;
  return { segment: Number(segment), offset: Number(offset), sent: Number(sent) };
}
