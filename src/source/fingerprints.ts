import { realpath, stat } from 'node:fs/promises';
import { findFiles } from './files.ts';

/**
 * What tells whether files have changed since they were read: a stamp for each path, documents and
 * files of secrets apart. A path that can't be read has a stamp too, so that it is noticed when it can.
 */
export class Stamps {
  readonly documents: ReadonlyMap<string, string>;
  /** Directories in which documents are looked for. */
  readonly directories: readonly string[];
  readonly #secrets = new Map<string, string>();

  private constructor(documents: ReadonlyMap<string, string>, directories: readonly string[]) {
    this.documents = documents;
    this.directories = directories;
  }

  static async take(paths: readonly string[]): Promise<Stamps> {
    const { files, directories, problems } = await findFiles(paths);
    const documents = new Map(files.map(({ path, stamp }) => [path, stamp]));
    for (const { path, message } of problems) documents.set(path, message);
    return new Stamps(documents, directories);
  }

  /** Notes the file of a secret as it is now: to be called before it is read. */
  async addSecret(path: string): Promise<void> {
    this.#secrets.set(path, await stampOf(path));
  }

  /** Whether all of it is still as it was. */
  async hold(paths: readonly string[]): Promise<boolean> {
    const now = await Stamps.take(paths);
    for (const [path, stamp] of this.#secrets) if ((await stampOf(path)) !== stamp) return false;
    return sameEntries(this.documents, now.documents);
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const [real, { ino, size, mtimeMs, ctimeMs }] = [await realpath(path), await stat(path)];
    return [real, ino, size, mtimeMs, ctimeMs].join(':');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, stamp]) => b.get(path) === stamp);
}
