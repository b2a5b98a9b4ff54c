import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { diskFault } from './disk.ts';
import type { Disk } from './disk.ts';

export interface EventFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** The number of full files that are kept beside it: `PATH.1` is the newest. */
  readonly keep: number;
  readonly disk: Disk;
}

const NEWLINE = 0x0a;

/** A file of lines. It is renamed when it is full; other programs may rename it at any time. */
export class EventFile {
  readonly #options: EventFileOptions;
  #file: FileHandle | undefined;
  #inode = 0;
  #bytes = 0;

  constructor(options: EventFileOptions) {
    this.#options = options;
  }

  /** @throws UserError that names the flag, the path and what is wrong */
  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (error instanceof UserError) throw error;
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const why = isMissing ? 'its folder does not exist' : diskFault(error);
      throw new UserError(`--events-file ${this.#options.path}: ${why}`, 1, { cause: error });
    }
  }

  /**
   * Appends whole lines. If it fails, the lines may be in the file or not; the next call writes them again.
   * @throws the system's error (rejects with it)
   */
  async append(lines: Buffer): Promise<void> {
    if (await this.#isMoved()) await this.close();
    if (this.#file !== undefined && this.#bytes > 0 && this.#bytes + lines.length > this.#options.maxBytes) {
      await this.close();
      await this.#rotate();
    }
    const file = this.#file ?? (await this.#open());
    const { disk } = this.#options;
    try {
      for (let written = 0; written < lines.length;) {
        const step = await disk.step(() => file.write(lines, written, lines.length - written));
        written += step.bytesWritten;
      }
      this.#bytes += lines.length;
    } catch (error) {
      await disk.step(() => file.truncate(this.#bytes)).catch(() => {});
      await this.close();
      throw error;
    }
  }

  /** Closes the file. The next lines open it again. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await this.#options.disk.step(() => file.close()).catch(() => {});
  }

  async #open(): Promise<FileHandle> {
    const { path, disk } = this.#options;
    const { O_APPEND, O_CREAT, O_RDWR, O_NONBLOCK, O_NOCTTY } = constants;
    // Without O_NONBLOCK, opening a pipe that nobody reads would wait for a reader.
    const flags = O_APPEND | O_CREAT | O_RDWR | O_NONBLOCK | O_NOCTTY;
    const file = await disk.step(() => open(path, flags, 0o600));
    try {
      const status = await disk.step(() => file.stat());
      if (!status.isFile())
        throw new UserError(`--events-file ${path}: is not a regular file: use - for standard output`);
      this.#inode = status.ino;
      this.#bytes = status.size;
      if (status.size > 0 && (await disk.step(() => lastByte(file, status.size))) !== NEWLINE) {
        // A process that was killed may have left half a line.
        await disk.step(() => file.write('\n'));
        this.#bytes += 1;
      }
    } catch (error) {
      await disk.step(() => file.close()).catch(() => {});
      throw error;
    }
    this.#file = file;
    return file;
  }

  /** Whether another program has renamed or removed the file, as logrotate does. */
  async #isMoved(): Promise<boolean> {
    if (this.#file === undefined) return false;
    const { path, disk } = this.#options;
    const inode = await disk.step(() =>
      stat(path).then(
        ({ ino }) => ino,
        () => 0,
      ),
    );
    return inode !== this.#inode;
  }

  async #rotate(): Promise<void> {
    const { path, keep, disk } = this.#options;
    await disk.step(() => rm(keep === 0 ? path : `${path}.${keep}`, { force: true }));
    for (let number = keep - 1; number >= 0; number--) {
      const from = number === 0 ? path : `${path}.${number}`;
      await disk.step(() => rename(from, `${path}.${number + 1}`).catch(ignoreMissing));
    }
  }
}

async function lastByte(file: FileHandle, size: number): Promise<number> {
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, size - 1);
  return byte[0] as number;
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
