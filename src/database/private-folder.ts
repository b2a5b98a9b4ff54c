import { chmod, mkdir, stat } from 'node:fs/promises';
import { DatabaseFault } from './database-fault.ts';

/**
 * Makes the folder of `--data-dir`, private to our user. Does not create parent folders, so that a misspelt path or a
 * volume that is not mounted is reported.
 * @throws DatabaseFault
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw folderFault(folder, code, error);
  }
  const status = await stat(folder);
  if (!status.isDirectory()) throw folderFault(folder, 'ENOTDIR', undefined);
  // If the volume belongs to another user, our files in it are still private.
  if ((status.mode & 0o077) !== 0 && status.uid === process.getuid?.()) await chmod(folder, 0o700).catch(() => {});
}

function folderFault(folder: string, code: string | undefined, cause: unknown): DatabaseFault {
  const sentence =
    code === 'ENOENT'
      ? "can't be made: the folder above it is not there; make it first"
      : code === 'ENOTDIR'
        ? 'is not a folder: name another'
        : code === 'EROFS'
          ? "can't be made: it is on a read-only file system; mount a volume there"
          : `can't be made (${code ?? 'unknown error'}): check the owner and the permissions of the folder above it`;
  return new DatabaseFault(code === 'ENOENT' ? 'no_folder' : 'read_only', `--data-dir ${folder} ${sentence}`, {
    cause,
  });
}
