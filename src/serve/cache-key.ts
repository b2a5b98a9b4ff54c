import { sentenceOf, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';

const MAX_FILE_BYTES = 64 * 1024;
const KEY_BYTES = 32;

/**
 * The key of `--cache-key-file`.
 * @throws UserError (rejects with it)
 */
export async function readCacheKey(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  const content = await systemFiles.read(file, MAX_FILE_BYTES).catch((error: unknown) => {
    throw new UserError(`--cache-key-file ${file}: ${sentenceOf(error)}`, 1, { cause: error });
  });
  const digits = content.toString('utf8').trim();
  if (/^[0-9a-f]+$/i.test(digits) && digits.length === 2 * KEY_BYTES) return Buffer.from(digits, 'hex');
  throw new UserError(`--cache-key-file ${file}: expected 64 hexadecimal digits, as openssl rand -hex 32 prints`);
}
