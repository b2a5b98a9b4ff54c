import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Disk } from './disk.ts';
import { HEADER_BYTES, writeHeader } from './segment.ts';

/** Appends to one segment. After a fault it is not used again, because its end is unknown. */
export class SegmentWriter {
  readonly #file: FileHandle;
  readonly #disk: Disk;
  /** The length of the part that is complete. */
  bytes = HEADER_BYTES;
  #isSynced = false;

  private constructor(file: FileHandle, disk: Disk) {
    this.#file = file;
    this.#disk = disk;
  }

  /** @param first the number of events that were written to the spool before it */
  static async create(path: string, folder: string, first: number, disk: Disk): Promise<SegmentWriter> {
    const file = await disk.step(() => open(path, 'wx', 0o600));
    const writer = new SegmentWriter(file, disk);
    try {
      await writer.#write(writeHeader(first), 0);
      // So that the file's name survives a power loss too.
      await disk.step(() => syncFolder(folder));
      return writer;
    } catch (error) {
      await writer.close();
      await disk.step(() => unlink(path)).catch(() => {});
      throw error;
    }
  }

  async append(record: Buffer): Promise<void> {
    await this.#write(record, this.bytes);
    this.bytes += record.length;
    this.#isSynced = false;
  }

  /** From now on, what was appended survives a power loss. */
  async sync(): Promise<void> {
    if (this.#isSynced) return;
    this.#isSynced = true;
    await this.#disk.step(() => this.#file.datasync());
  }

  /** Removes what a fault left behind the last complete record. */
  async cut(): Promise<void> {
    await this.#disk.step(() => this.#file.truncate(this.bytes));
  }

  async close(): Promise<void> {
    await this.#disk.step(() => this.#file.close()).catch(() => {});
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const left = bytes.length - written;
      const step = await this.#disk.step(() => this.#file.write(bytes, written, left, position + written));
      written += step.bytesWritten;
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
