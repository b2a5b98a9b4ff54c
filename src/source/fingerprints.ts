import { systemFiles } from '../file-access.ts';
import type { FileAccess } from '../file-access.ts';
import { findFiles } from './files.ts';

/**
 * Fingerprints that show whether files have changed since they were read: one for each path, with documents separate
 * from the files that they name. A path that can't be read has a fingerprint too, so that it is noticed when it becomes
 * readable.
 */
export class Fingerprints {
  readonly documents: ReadonlyMap<string, string>;
  /** Directories in which documents are looked for. */
  readonly directories: readonly string[];
  /** Whether the file system answered for every document in time. */
  readonly answered: boolean;
  readonly #access: FileAccess;
  readonly #named = new Map<string, string>();

  private constructor(
    documents: ReadonlyMap<string, string>,
    found: Pick<Fingerprints, 'directories' | 'answered'>,
    access: FileAccess,
  ) {
    this.documents = documents;
    this.directories = found.directories;
    this.answered = found.answered;
    this.#access = access;
  }

  static async take(paths: readonly string[], access: FileAccess = systemFiles): Promise<Fingerprints> {
    const found = await findFiles(paths, access);
    const { files, problems } = found;
    const documents = new Map(files.map(({ path, fingerprint }) => [path, fingerprint]));
    for (const { path, message } of problems) documents.set(path, message);
    return new Fingerprints(documents, found, access);
  }

  /** Notes the present state of a file that a document names. Call this before the file is read. */
  async addNamed(path: string): Promise<void> {
    this.#named.set(path, await fingerprintOf(path, this.#access));
  }

  /** Whether nothing has changed and the file system has answered for everything. */
  async hold(paths: readonly string[]): Promise<{ readonly same: boolean; readonly answered: boolean }> {
    const now = await Fingerprints.take(paths, this.#access);
    for (const [path, fingerprint] of this.#named) {
      if ((await fingerprintOf(path, this.#access)) !== fingerprint) return { same: false, answered: now.answered };
    }
    return { same: sameEntries(this.documents, now.documents), answered: now.answered };
  }
}

async function fingerprintOf(path: string, access: FileAccess): Promise<string> {
  try {
    const [real, { ino, size, mtimeMs, ctimeMs }] = [await access.realpath(path), await access.stat(path)];
    return [real, ino, size, mtimeMs, ctimeMs].join(':');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, fingerprint]) => b.get(path) === fingerprint);
}
