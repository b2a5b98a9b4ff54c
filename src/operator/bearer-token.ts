import { createHash, timingSafeEqual } from 'node:crypto';
import { FileFault, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';

/** Shorter tokens can be guessed. */
const MINIMUM_TOKEN_BYTES = 16;
const MAX_TOKEN_FILE_BYTES = 64 * 1024;

/** The token of `authorization: Bearer TOKEN`; undefined: it is no such field. */
export function bearerTokenOf(authorization: string | null | undefined): string | undefined {
  return /^bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
}

/**
 * The token in a file. White space around it is ignored: editors end files with a newline.
 * @param flag that names the file
 * @param remedy the end of the sentence on a token that is too short or has other characters
 * @throws UserError (rejects with it)
 */
export async function readTokenFile(file: string, flag: string, remedy: string): Promise<string> {
  let token: string;
  try {
    token = (await systemFiles.read(file, MAX_TOKEN_FILE_BYTES)).toString('utf8').trim();
  } catch (error) {
    if (error instanceof FileFault) throw new UserError(`${flag} ${file}: ${error.message}`);
    throw new UserError(`${flag} ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (token.length < MINIMUM_TOKEN_BYTES || !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError(
      `${flag} ${file}: expected one line of at least ${MINIMUM_TOKEN_BYTES} visible ASCII characters${remedy}`,
    );
  }
  return token;
}

/** Takes the same time whatever the tokens are. */
export function isSameToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

/** Of equal length, so that the comparison takes constant time. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
