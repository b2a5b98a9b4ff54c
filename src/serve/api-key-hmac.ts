import { MIN_SERVER_KEY_BYTES, broughtKeys } from '../contract/api-key.ts';
import type { BroughtKeys } from '../contract/api-key.ts';
import { UserError, sentenceOf } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import { text } from '../flags.ts';

const MAX_BYTES = 64 * 1024;

export const apiKeyHmacFile = text(
  undefined,
  'FILE',
  `key of at least ${MIN_SERVER_KEY_BYTES} bytes for hmac of apiKeys (ostiary api-key hmac); read once; one newline at its end is cut`,
);

/**
 * @param file undefined: there is none
 * @throws UserError that names the flag
 */
export async function broughtKeysOf(file: string | undefined): Promise<BroughtKeys | undefined> {
  if (file === undefined) return undefined;
  let bytes: Buffer;
  try {
    bytes = await systemFiles.read(file, MAX_BYTES);
  } catch (error) {
    throw new UserError(`--api-key-hmac-file ${file}: ${sentenceOf(error)}`, 1, { cause: error });
  }
  // A key made by openssl rand is binary, and may end by any byte but a line break that an editor has added.
  const key = bytes.at(-1) === 0x0a ? bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1) : bytes;
  if (key.length < MIN_SERVER_KEY_BYTES) {
    throw new UserError(
      `--api-key-hmac-file ${file} has ${key.length} bytes: a key that nobody can guess has at least ${MIN_SERVER_KEY_BYTES}, such as openssl rand -hex 32 prints`,
    );
  }
  return broughtKeys(key);
}
