import { rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Batch, DropReason } from './batch.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { Disk } from './disk.ts';
import { HEADER_BYTES, RECORD_BYTES, writeRecord } from './segment.ts';
import { readBatch } from './segment-reader.ts';
import { SegmentWriter } from './segment-writer.ts';
import { isOwned, openSpoolFolder, segmentPath } from './spool-folder.ts';
import type { Owner } from './spool-folder.ts';
import { recover } from './spool-recovery.ts';
import type { Segment } from './spool-recovery.ts';

export interface SpoolOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly owner: Owner;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly dropped: (reason: DropReason, events: number) => void;
  /** Reports something that an operator should know, as a sentence. */
  readonly told: (detail: string) => void;
}

/** The size of a segment. If the spool is full, at most this much is lost at once. */
const MOST_SEGMENT_BYTES = 8 * 1024 * 1024;
const SEGMENTS_A_SPOOL = 8;
/** How often written data is synchronised to the disk, and the cursor is stored. */
const SYNC_MS = 1000;

/** Another process owns the folder now. */
export class SpoolTaken extends Error {
  override name = 'SpoolTaken';
}

/**
 * Batches on disk, in order and within a bound: if it is full, the oldest segment is removed. Methods must be called
 * one at a time, and reject if the disk fails.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #segments: Segment[] = [];
  readonly #segmentBytes: number;
  #keptBytes = 0;
  /** The number of the newest segment. */
  #lastNumber = 0;
  #writer: SegmentWriter | undefined;
  /** The number of events that were ever written, and of those that are sent or given up. */
  #written = 0;
  #sent = 0;
  /** The offset of the next record in the first segment. */
  #offset = HEADER_BYTES;
  /** The batch that {@link read} returned last, until it is done: its segment and length. */
  #taken: { readonly segment: Segment; readonly length: number; readonly events: number } | undefined;
  #lastSync = -Infinity;
  #lastNote = -Infinity;

  private constructor(options: SpoolOptions) {
    this.#options = options;
    this.#segmentBytes = Math.min(MOST_SEGMENT_BYTES, Math.floor(options.maxBytes / SEGMENTS_A_SPOOL));
  }

  /**
   * Opens a spool, with what an earlier process left in it.
   * @throws UserError that names the folder and the remedy
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const found = await openSpoolFolder(options.folder, options.owner, options.disk);
    const spool = new Spool(options);
    spool.#keptBytes = found.kept.bytes;
    spool.#segments.push(...found.segments.map((segment) => ({ ...segment })));
    for (const problem of found.kept.problems) options.told(`${problem}: it is kept as .kept, and not sent`);
    const { lastNumber, written, sent, offset } = await recover(spool.#segments, readCursor(found.cursor), options);
    spool.#lastNumber = lastNumber;
    spool.#written = written;
    spool.#sent = sent;
    spool.#offset = offset;
    return spool;
  }

  get events(): number {
    return this.#written - this.#sent;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, this.#keptBytes);
  }

  async append(batch: Batch): Promise<void> {
    const record = writeRecord(batch);
    if (this.#writer !== undefined && this.#writer.bytes + record.length > this.#segmentBytes) await this.#endSegment();
    this.#writer ??= await this.#beginSegment();
    const segment = this.#segments.at(-1) as Segment;
    try {
      await this.#writer.append(record);
    } catch (error) {
      await this.#writer.cut().catch(() => {});
      await this.#writer.close();
      this.#writer = undefined;
      throw error;
    }
    segment.bytes = this.#writer.bytes;
    this.#written += batch.events;
    await this.#makeRoom();
    if (this.#options.clock.monotonic() - this.#lastSync >= SYNC_MS) await this.sync();
  }

  /** From now on, what was appended survives a power loss. */
  async sync(): Promise<void> {
    this.#lastSync = this.#options.clock.monotonic();
    await this.#writer?.sync();
  }

  /** Returns the oldest batch, and the same again until {@link done} is called. Undefined: there is none. */
  async read(): Promise<Batch | undefined> {
    for (;;) {
      const [segment] = this.#segments;
      if (segment === undefined) return undefined;
      if (this.#offset >= segment.bytes) {
        if (this.#segments.length === 1 && this.#writer !== undefined) return undefined;
        await this.#leaveSegment(segment);
        continue;
      }
      const { folder, disk } = this.#options;
      const batch = await readBatch(segmentPath(folder, segment.number), this.#offset, segment.bytes, disk);
      if (batch !== undefined) {
        const length = RECORD_BYTES + batch.body.length;
        this.#taken = { segment, length, events: batch.events };
        return batch;
      }
      this.#options.told(
        `damaged at byte ${this.#offset} of ${segmentPath('', segment.number)}: the rest of it is lost`,
      );
      this.#offset = segment.bytes;
    }
  }

  /** The batch from {@link read} is no longer needed. */
  async done(): Promise<void> {
    const taken = this.#taken;
    this.#taken = undefined;
    if (taken === undefined) return;
    // Its segment may have been removed in the meantime: then its events are already counted.
    if (taken.segment !== this.#segments[0]) return;
    this.#offset += taken.length;
    this.#sent += taken.events;
    // If the cursor can't be stored, a later process sends the batch again.
    if (this.#options.clock.monotonic() - this.#lastNote >= SYNC_MS) await this.#note().catch(() => {});
  }

  /** Stores the cursor, so that a later process continues there. */
  async #note(): Promise<void> {
    const [segment] = this.#segments;
    if (segment === undefined) return;
    this.#lastNote = this.#options.clock.monotonic();
    const { folder, disk } = this.#options;
    const text = writeCursor({ segment: segment.number, offset: this.#offset, sent: this.#sent });
    const path = join(folder, 'cursor');
    await disk.step(() => writeFile(`${path}.new`, text, { mode: 0o600 }));
    await disk.step(() => rename(`${path}.new`, path));
  }

  async close(): Promise<void> {
    // A batch whose segment was removed while it was being sent is stored nowhere else.
    if (this.#taken !== undefined && this.#taken.segment !== this.#segments[0]) {
      this.#options.dropped('shutdown', this.#taken.events);
    }
    await this.#note().catch(() => {});
    await this.#endSegment();
  }

  async #beginSegment(): Promise<SegmentWriter> {
    const { folder, disk, owner } = this.#options;
    const number = this.#lastNumber + 1;
    if (!(await isOwned(folder, owner, disk))) throw new SpoolTaken('another process uses the spool now');
    // A number is not used twice: a file that a fault left behind may have it.
    this.#lastNumber = number;
    const writer = await SegmentWriter.create(segmentPath(folder, number), folder, this.#written, disk);
    this.#segments.push({ number, first: this.#written, bytes: HEADER_BYTES });
    if (this.#segments.length === 1) this.#offset = HEADER_BYTES;
    return writer;
  }

  async #endSegment(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    try {
      await writer?.sync();
    } finally {
      await writer?.close();
    }
  }

  /** Leaves the first segment, which was read to its end. Events in it that could not be read are lost. */
  async #leaveSegment(segment: Segment): Promise<void> {
    const next = this.#segments[1]?.first ?? this.#written;
    if (next > this.#sent) this.#options.dropped('spool_damaged', next - this.#sent);
    this.#sent = next;
    await this.#remove(segment);
  }

  async #makeRoom(): Promise<void> {
    while (this.bytes > this.#options.maxBytes && this.#segments.length > 1) {
      const [oldest, second] = this.#segments as [Segment, Segment];
      // A batch that is being sent from it may still arrive.
      const sending = this.#taken?.segment === oldest ? this.#taken.events : 0;
      const lost = second.first - this.#sent - sending;
      if (lost > 0) this.#options.dropped('spool_full', lost);
      this.#sent = second.first;
      await this.#remove(oldest);
    }
  }

  async #remove(segment: Segment): Promise<void> {
    this.#segments.shift();
    this.#offset = HEADER_BYTES;
    await this.#options.disk.step(() => unlink(segmentPath(this.#options.folder, segment.number)));
  }
}
