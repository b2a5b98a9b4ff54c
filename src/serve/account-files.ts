import { mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readMark } from '../analytics/mark.ts';
import type { Mark } from '../analytics/mark.ts';
import type { FileAccess } from '../file-access.ts';
import type { MarkStore } from './inheritance.ts';

const MAX_BYTES = 1024 * 1024;
/** Of processes that have ended within the hour. */
const MOST_READ = 256;

/**
 * Marks of accounts, a file for each epoch. They have the keys of ids, so that only our user may read them. A file is
 * replaced as a whole, off the thread that decides.
 */
export class AccountFiles implements MarkStore {
  readonly isShared = false;
  readonly #folder: string;
  readonly #files: FileAccess;

  constructor(folder: string, files: FileAccess) {
    this.#folder = folder;
    this.#files = files;
  }

  /** Those of processes that have ended. @throws the system's error */
  async read(): Promise<readonly Mark[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const marks: Mark[] = [];
    for (const name of (await readdir(this.#folder)).slice(0, MOST_READ)) {
      const path = join(this.#folder, name);
      const isMark = name.endsWith('.json');
      const mark = isMark ? readMark((await this.#files.read(path, MAX_BYTES)).toString('utf8')) : undefined;
      if (mark === undefined) await unlink(path).catch(() => {});
      else marks.push(mark);
    }
    return marks;
  }

  /** @throws the system's error, or FileFault */
  async write(mark: Mark): Promise<'written'> {
    await this.#files.replace(this.#pathOf(mark.epoch), JSON.stringify(mark));
    return 'written';
  }

  async orphans(): Promise<readonly Mark[]> {
    return [];
  }

  async close(): Promise<void> {}

  async remove(epoch: number): Promise<void> {
    await unlink(this.#pathOf(epoch)).catch(() => {});
  }

  #pathOf(epoch: number): string {
    return join(this.#folder, `${epoch.toString(16).padStart(8, '0')}.json`);
  }
}
