import { join } from 'node:path';
import { compare } from '../document/fault.ts';
import { sentenceOf } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import type { FileAccess } from '../file-access.ts';

const DOCUMENTS = /\.(?:ya?ml|json)$/i;

/** What a path of the configuration is, and how its changes are found. */
export interface FoundFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Changes with every change of the file, and with a swap of a link to it. */
  readonly fingerprint: string;
}

export interface FoundFiles {
  /** By directory as given, then by name; each file once, however many names lead to it. */
  readonly files: readonly FoundFile[];
  /** Every directory in which a change could matter. */
  readonly directories: readonly string[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  /** Whether the file system answered for every path in time. */
  readonly answered: boolean;
}

/**
 * Finds the documents below directories: `*.yaml`, `*.yml` and `*.json`. Names that begin with a dot
 * are left out: so are the `..data` and `..2026_…` of a mounted ConfigMap, whose files are read
 * through the visible links.
 */
export async function findFiles(paths: readonly string[], access: FileAccess = systemFiles): Promise<FoundFiles> {
  const files: FoundFile[] = [];
  const directories: string[] = [];
  const problems: { path: string; message: string }[] = [];
  const seen = new Set<string>();
  let answered = true;

  const visit = async (path: string, given: boolean): Promise<void> => {
    try {
      const [real, status] = [await access.realpath(path), await access.stat(path)];
      if (!given && !status.isDirectory() && !DOCUMENTS.test(path)) return;
      if (seen.has(real)) return;
      seen.add(real);
      if (status.isDirectory()) {
        directories.push(path);
        const names = (await access.list(path)).filter((name) => !name.startsWith('.'));
        for (const name of names.sort(compare)) await visit(join(path, name), false);
      } else if (status.isFile()) {
        const fingerprint = [real, status.ino, status.size, status.mtimeMs, status.ctimeMs].join(':');
        files.push({ path, sizeBytes: status.size, fingerprint });
      } else {
        problems.push({ path, message: 'is neither a file nor a directory' });
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT') answered = false;
      // A name without the ending of a document is ignored, whatever it leads to.
      if (given || DOCUMENTS.test(path)) problems.push({ path, message: sentenceOf(error) });
    }
  };
  for (const path of paths) await visit(path, true);
  return { files, directories, problems, answered };
}
