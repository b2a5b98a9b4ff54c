import { stat } from 'node:fs/promises';
import { sentenceOf, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';

const MAX_FILE_BYTES = 64 * 1024;

/**
 * The text of a file that holds a key.
 * @throws UserError (rejects with it) where others may read it, or it can't be read; it tells nothing of what is in the file
 */
export async function readPrivateFile(flag: string, file: string): Promise<string> {
  try {
    const { mode, uid } = await stat(file);
    // Kubernetes mounts what belongs to root, readable by our group.
    const others = uid === process.getuid?.() ? mode & 0o077 : mode & 0o027;
    if (others !== 0) throw new UserError(`${flag} ${file}: others may read or write it: chmod 600 ${file}`);
    return (await systemFiles.read(file, MAX_FILE_BYTES)).toString('utf8');
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`${flag} ${file}: ${sentenceOf(error)}`);
  }
}
