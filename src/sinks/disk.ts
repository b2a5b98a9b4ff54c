import type { FileAccess } from '../file-access.ts';

/**
 * Runs all file operations of sinks one at a time. So a file system that hangs occupies at most one of Node's four
 * threads, which key sets and host names need too. While one operation is late, all others are refused at once.
 */
export class Disk {
  readonly #files: Pick<FileAccess, 'step'>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: Pick<FileAccess, 'step'>) {
    this.#files = files;
  }

  /** @throws FileFault (rejects with it) if the file system does not answer, or the system's error */
  step<T>(work: () => Promise<T>): Promise<T> {
    const step = this.#last.then(() => this.#files.step('the files of events', work));
    this.#last = step.catch(() => {});
    return step;
  }
}

/** Describes a fault of the disk as the end of a sentence: `no space is left on the disk (ENOSPC)`. */
export function diskFault(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const known: Readonly<Record<string, string>> = {
    ENOSPC: 'no space is left on the disk',
    EDQUOT: "the disk's quota is spent",
    EROFS: 'the file system is read-only: it needs a volume',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EIO: 'the disk reports an error',
    ETIMEDOUT: 'the file system does not answer',
    EFBIG: 'the file would be larger than the system allows',
  };
  const sentence = known[code] ?? 'the disk failed';
  return code === ''
    ? `${sentence}: ${error instanceof Error ? error.message : String(error)}`
    : `${sentence} (${code})`;
}
