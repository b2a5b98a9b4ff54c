import { crc32 } from 'node:zlib';
import type { Batch } from './batch.ts';

/**
 * A file of the spool: a header, then records one after the other. All numbers are little-endian.
 *
 *     header   "OSTIARYE"  version u32  0 u32  first u64  CRC-32 u32 of what stands before  0 u32
 *     record   "REC1"  length u32  events u32  CRC-32 u32 of length, events and body  body
 *
 * `first` is the number of events that were ever written to this spool before this file, so that missing events
 * between two files can be counted.
 */
export const VERSION = 1;
export const HEADER_BYTES = 32;
export const RECORD_BYTES = 16;
/** The largest batch. A record that claims to be larger is damaged. */
const MOST_BODY_BYTES = 16 * 1024 * 1024;

const MAGIC = Buffer.from('OSTIARYE');
const RECORD = Buffer.from('REC1');

export function writeHeader(first: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  header.writeBigUInt64LE(BigInt(first), 16);
  header.writeUInt32LE(crc32(header.subarray(0, 24)), 24);
  return header;
}

/** Reads the number of events before the segment, or says why the header is not valid. */
export function readHeader(header: Buffer): { readonly first: number } | { readonly problem: string } {
  if (header.length < HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC))
    return { problem: 'is not a file of a spool' };
  const version = header.readUInt32LE(8);
  if (version !== VERSION) return { problem: `is of version ${version}, and this ostiary reads ${VERSION}` };
  const first = Number(header.readBigUInt64LE(16));
  const isWhole = header.readUInt32LE(24) === crc32(header.subarray(0, 24)) && Number.isSafeInteger(first);
  return isWhole ? { first } : { problem: 'has a damaged header' };
}

export function writeRecord({ events, body }: Batch): Buffer {
  const record = Buffer.allocUnsafe(RECORD_BYTES + body.length);
  RECORD.copy(record);
  record.writeUInt32LE(body.length, 4);
  record.writeUInt32LE(events, 8);
  record.writeUInt32LE(crc32(body, crc32(record.subarray(4, 12))), 12);
  body.copy(record, RECORD_BYTES);
  return record;
}

/** The length of a record's body; undefined if these bytes do not begin a record. */
export function bodyLength(start: Buffer): number | undefined {
  if (start.length < RECORD_BYTES || !start.subarray(0, 4).equals(RECORD)) return undefined;
  const length = start.readUInt32LE(4);
  return length <= MOST_BODY_BYTES ? length : undefined;
}

/**
 * @param record as long as {@link bodyLength} says
 * @returns undefined if it is damaged
 */
export function readRecord(record: Buffer): Batch | undefined {
  const body = record.subarray(RECORD_BYTES);
  if (record.readUInt32LE(12) !== crc32(body, crc32(record.subarray(4, 12)))) return undefined;
  return { events: record.readUInt32LE(8), body };
}

/** No batch has more: what says so is no record. */
const MOST_EVENTS = 2000;

interface ScannedSegment {
  /** The end of its last complete record. */
  readonly end: number;
  /** The number of events up to there. */
  readonly events: number;
  /** The number of events in an incomplete record behind it, as far as it can be read; at least 1 if there is one. */
  readonly torn: number;
}

/** Scans a segment whose end may be incomplete. */
export function wholeRecords(segment: Buffer): ScannedSegment {
  let [end, events] = [HEADER_BYTES, 0];
  for (;;) {
    const length = bodyLength(segment.subarray(end, end + RECORD_BYTES));
    const record = segment.subarray(end, end + RECORD_BYTES + (length ?? 0));
    const isComplete = length !== undefined && record.length === RECORD_BYTES + length;
    const batch = isComplete ? readRecord(record) : undefined;
    if (batch === undefined) return { end, events, torn: tornEvents(segment.subarray(end), length !== undefined) };
    events += batch.events;
    end += record.length;
  }
}

function tornEvents(rest: Buffer, isRecord: boolean): number {
  if (rest.length === 0) return 0;
  const events = isRecord ? rest.readUInt32LE(8) : 1;
  return events > MOST_EVENTS ? 1 : Math.max(1, events);
}
