import { readFile, truncate, unlink } from 'node:fs/promises';
import type { DropReason } from './batch.ts';
import type { readCursor } from './cursor.ts';
import type { Disk } from './disk.ts';
import { HEADER_BYTES, wholeRecords } from './segment.ts';
import { segmentPath } from './spool-folder.ts';

export interface Segment {
  readonly number: number;
  /** The number of events written to the spool before it. */
  readonly first: number;
  /** The end of its records. */
  bytes: number;
}

export interface RecoveryPorts {
  readonly folder: string;
  readonly disk: Disk;
  readonly dropped: (reason: DropReason, events: number) => void;
  /** As in `SpoolOptions`. */
  readonly told: (detail: string) => void;
}

/** How far the last process had come. */
export interface Recovered {
  /** The number of the newest segment. */
  readonly lastNumber: number;
  /** The number of events that were ever written, and of those that are sent or given up. */
  readonly written: number;
  readonly sent: number;
  /** The offset of the next record in the first segment. */
  readonly offset: number;
}

/**
 * Finds the end of what the last process wrote, and how far it had sent.
 * @param segments those that were sent are removed
 */
export async function recover(
  segments: Segment[],
  cursor: ReturnType<typeof readCursor>,
  { folder, disk, told, dropped }: RecoveryPorts,
): Promise<Recovered> {
  const last = segments.at(-1);
  const lastNumber = Math.max(cursor?.segment ?? 0, last?.number ?? 0);
  const before = cursor?.sent ?? 0;
  if (last === undefined) return { lastNumber, written: before, sent: before, offset: HEADER_BYTES };
  const path = segmentPath(folder, last.number);
  const { end, events, torn } = wholeRecords(await disk.step(() => readFile(path)));
  if (end < last.bytes) {
    dropped('spool_damaged', torn);
    await disk.step(() => truncate(path, end));
    told(`the last ${last.bytes - end} bytes were not whole, and are cut off: the process ended while it wrote them`);
    last.bytes = end;
  }
  const written = last.first + events;
  // If the cursor was lost, everything is sent again.
  const all = { lastNumber, written, sent: segments[0]?.first ?? 0, offset: HEADER_BYTES };
  const at = segments.findIndex(({ number }) => number === cursor?.segment);
  const segment = segments[at];
  if (cursor === undefined || segment === undefined || cursor.offset > segment.bytes || cursor.sent < segment.first)
    return all;
  for (const done of segments.splice(0, at)) await disk.step(() => unlink(segmentPath(folder, done.number)));
  return { ...all, offset: Math.max(HEADER_BYTES, cursor.offset), sent: Math.min(cursor.sent, written) };
}
