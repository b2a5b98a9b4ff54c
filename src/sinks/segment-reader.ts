import { open } from 'node:fs/promises';
import type { Batch } from './batch.ts';
import type { Disk } from './disk.ts';
import { bodyLength, readRecord, RECORD_BYTES } from './segment.ts';

/**
 * Reads the record at an offset of a segment.
 * @param end the end of the segment's records
 * @returns undefined if there is no complete record, or the disk can't read it
 */
export async function readBatch(path: string, offset: number, end: number, disk: Disk): Promise<Batch | undefined> {
  return disk.step(async () => {
    const file = await open(path, 'r');
    try {
      const start = Buffer.alloc(RECORD_BYTES);
      const { bytesRead } = await file.read(start, 0, RECORD_BYTES, offset);
      const length = bodyLength(start.subarray(0, bytesRead));
      if (length === undefined || offset + RECORD_BYTES + length > end) return undefined;
      const record = Buffer.allocUnsafe(RECORD_BYTES + length);
      const whole = await file.read(record, 0, record.length, offset);
      return whole.bytesRead === record.length ? readRecord(record) : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EIO') return undefined;
      throw error;
    } finally {
      await file.close();
    }
  });
}
