import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { FileFault } from './errors.ts';

/** A fault that only a change of the file can fix. */
const LASTING: ReadonlySet<string> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EISDIR',
  'ENOTDIR',
  'ELOOP',
  'EAGAIN',
  'ENOTFILE',
  'EFBIG',
]);

/** Whether the file may be readable later without having changed: a mount comes back, a descriptor is free again. */
export function isPassing(error: unknown): boolean {
  return !LASTING.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Node has four threads for files, host names and slow hashes: files may use this many of them. */
const MAX_RUNNING = 2;
const CHUNK_BYTES = 1024 * 1024;

/**
 * File access with a time limit for each step. A mount that hangs blocks the thread that reads it for any time. So a
 * path that has not answered is not read again until it has, and all others share the remaining threads.
 */
export class FileAccess {
  readonly #limitMs: number;
  #running = 0;
  readonly #queue: PromiseWithResolvers<void>[] = [];
  /** Steps that have not ended in time and are still under way. */
  readonly #stuck = new Set<{ readonly path: string }>();
  /** Readers of one file at the same time share what is read. */
  readonly #reads = new Map<string, Promise<Buffer>>();

  /** @param limitMs for each step: one look, one chunk of a file */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Steps that the file system has not answered yet. While there are any, the process can't end by itself. */
  get running(): number {
    return this.#running;
  }

  stat(path: string): Promise<Stats> {
    return this.#step(path, () => stat(path));
  }

  realpath(path: string): Promise<string> {
    return this.#step(path, () => realpath(path));
  }

  /** The names in a directory. */
  list(path: string): Promise<string[]> {
    return this.#step(path, () => readdir(path));
  }

  /**
   * The whole of a file. A pipe, a device or a file of the kernel's that gives nothing at once is a fault, and not waited for.
   * @param ownerId the user who must own it, where root does not, and alone may write to it: of the file as it is read,
   * whatever its path leads to a moment later
   * @throws FileFault, or the system's error
   */
  async read(path: string, maxBytes: number, ownerId?: number): Promise<Buffer> {
    const key = `${maxBytes} ${ownerId} ${path}`;
    const reading = this.#reads.get(key) ?? this.#read(path, maxBytes, ownerId).finally(() => this.#reads.delete(key));
    this.#reads.set(key, reading);
    return reading;
  }

  /** The whole of a file that the caller opens, and not that of another reader. */
  async readOpened(path: string, maxBytes: number, openFile: () => Promise<FileHandle>): Promise<Buffer> {
    return this.#readOpened(path, maxBytes, undefined, openFile);
  }

  /** Replaces a file as a whole, readable by our user alone: readers see the old content or the new. */
  async replace(path: string, content: string): Promise<void> {
    const draft = `${path}.${randomUUID()}.new`;
    const file = await this.#step(path, () => open(draft, 'wx', 0o600), closeLate);
    try {
      await this.#step(path, () => file.writeFile(content));
      await this.#step(path, () => file.sync());
      await this.#step(path, () => rename(draft, path));
    } catch (error) {
      void this.#step(path, () => unlink(draft)).catch(() => {});
      throw error;
    } finally {
      void this.#step(path, () => file.close()).catch(() => closeLate(file));
    }
  }

  async #read(path: string, maxBytes: number, ownerId: number | undefined): Promise<Buffer> {
    const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return this.#readOpened(path, maxBytes, ownerId, () => open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  }

  async #readOpened(
    path: string,
    maxBytes: number,
    ownerId: number | undefined,
    openFile: () => Promise<FileHandle>,
  ): Promise<Buffer> {
    // Checked before it is opened, since opening a device can have an effect.
    checkFile(await this.stat(path), maxBytes);
    const file = await this.#step(path, openFile, closeLate);
    try {
      const { size, uid, mode } = checkFile(await this.#step(path, () => file.stat()), maxBytes);
      if (ownerId !== undefined && ((uid !== ownerId && uid !== 0) || (mode & 0o022) !== 0)) throw foreign();
      return await this.#readAll(path, file, size, maxBytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      throw new FileFault('EAGAIN', 'gives nothing to read at once: expected a file with its content, not a stream');
    } finally {
      // Not awaited: its result does not matter. If a chunk is stuck, it closes after that.
      void this.#step(path, () => file.close()).catch(() => closeLate(file));
    }
  }

  async #readAll(path: string, file: FileHandle, sizeBytes: number, maxBytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      // One byte more than is expected, so that the end shows.
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(sizeBytes - bytes + 1, 4096)));
      const { bytesRead } = await this.#step(path, () => file.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
    }
  }

  /**
   * One step of others' work with files, within the same limits.
   * @param key as long as a step of this name has not ended in its time, no other begins
   */
  step<T>(key: string, run: () => Promise<T>): Promise<T> {
    return this.#step(key, run);
  }

  /** @param late receives a result that arrives after nobody waits for it any more */
  async #step<T>(path: string, run: () => Promise<T>, late: (value: T) => void = () => {}): Promise<T> {
    this.#refuseWhileStuck(path);
    while (this.#running >= MAX_RUNNING) {
      const turn = Promise.withResolvers<void>();
      this.#queue.push(turn);
      await turn.promise;
      this.#refuseWhileStuck(path);
    }
    this.#running++;
    const limit = Promise.withResolvers<never>();
    const step = { path };
    const timer = setTimeout(() => {
      this.#stuck.add(step);
      limit.reject(this.#unanswered());
      // Nobody's turn comes while all threads are stuck: they are refused.
      if (this.#stuck.size >= MAX_RUNNING) for (const turn of this.#queue.splice(0)) turn.resolve();
    }, this.#limitMs);
    const running = run().finally(() => {
      clearTimeout(timer);
      this.#stuck.delete(step);
      this.#running--;
      this.#queue.shift()?.resolve();
    });
    return await Promise.race([running, limit.promise]).catch((error: unknown) => {
      // What comes when nobody waits for it any more.
      void running.then(late, () => {});
      throw error;
    });
  }

  #refuseWhileStuck(path: string): void {
    const [first, ...others] = this.#stuck;
    if (first === undefined) return;
    if (first.path === path || others.some((step) => step.path === path)) throw this.#unanswered();
    if (this.#stuck.size < MAX_RUNNING) return;
    const message = `is not read while the file system does not answer for others, such as ${first.path}`;
    throw new FileFault('ETIMEDOUT', message);
  }

  #unanswered(): FileFault {
    return new FileFault(
      'ETIMEDOUT',
      `does not answer within ${this.#limitMs / 1000} s: look at the mount that it is on`,
    );
  }
}

/** The files of this machine. Network file systems that fail over take longer; they are read when they are back. */
export const systemFiles = new FileAccess(5000);

/**
 * The whole of a file, for callers that can't wait: a pipe, a device or a stream is a fault, and not waited for. A mount
 * that hangs does hold the process.
 * @throws FileFault, or the system's error
 */
export function readFileNow(path: string, maxBytes: number): Buffer {
  checkFile(statSync(path), maxBytes);
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    checkFile(fstatSync(file), maxBytes);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function checkFile(status: Stats, maxBytes: number): Stats {
  if (status.isDirectory()) throw new FileFault('ENOTFILE', 'is a directory, not a file');
  if (!status.isFile()) throw new FileFault('ENOTFILE', 'is neither a file nor a directory');
  if (status.size > maxBytes) throw tooLarge(maxBytes);
  return status;
}

function foreign(): FileFault {
  return new FileFault('EPERM', 'belongs to another user, or others may write to it');
}

function tooLarge(maxBytes: number): FileFault {
  return new FileFault('EFBIG', `has more than ${maxBytes} bytes`);
}

function closeLate(file: FileHandle): void {
  void file.close().catch(() => {});
}

/** A step that has just begun ends within this time. */
const LEAVE_AFTER_MS = 200;

/**
 * Ends the process with its exit code while a thread waits for a file system that does not answer. Node would wait for
 * the thread, even with `process.exit`. Only replacing this program by another one ends it, and Node itself is always
 * available.
 */
export function leaveStuckFiles(exitCode: number): void {
  if (systemFiles.running === 0) return;
  setTimeout(() => {
    if (systemFiles.running === 0) return;
    process.execve?.(process.execPath, [process.execPath, '--eval', `process.exit(${exitCode})`], {});
  }, LEAVE_AFTER_MS);
}
