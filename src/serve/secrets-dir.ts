import { open, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join, sep } from 'node:path';
import { secretPathProblem } from '../document/secret-path.ts';
import { FileFault, sentenceOf } from '../errors.ts';
import type { FileAccess } from '../file-access.ts';

const FLAG = '--secrets-dir';
const OUTSIDE = `leads out of ${FLAG} by a link`;

/**
 * Reads a file below a folder, and nothing else: a document of a control plane says which. Links may lead about within the
 * folder, as those of Kubernetes do.
 * @param path as the document has it
 * @throws FileFault, or the system's error
 */
export async function readBelow(folder: string, path: string, maxBytes: number, access: FileAccess): Promise<Buffer> {
  const problem = secretPathProblem(path);
  if (problem !== undefined) throw new FileFault('EPERM', problem);
  const root = await access.realpath(folder).catch((error: unknown) => {
    throw new FileFault('EPERM', `the folder of ${FLAG} ${folder}: ${sentenceOf(error)}`);
  });
  const found = await access.realpath(join(root, path));
  if (!isBelow(root, found)) throw new FileFault('EPERM', OUTSIDE);
  return access.readOpened(found, maxBytes, () => openBelow(root, found));
}

/** Whoever can write to the folder may have put a link in the place of the file, or of a folder above it, meanwhile. */
async function openBelow(root: string, path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  // Linux tells where the file is that was opened; elsewhere nobody does.
  const opened = await readlink(`/proc/self/fd/${file.fd}`).catch(() => path);
  if (isBelow(root, opened)) return file;
  await file.close();
  throw new FileFault('EPERM', OUTSIDE);
}

function isBelow(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}
