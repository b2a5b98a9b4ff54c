import { sentenceOf, UserError } from '../errors.ts';
import type { Clock } from '../clock.ts';

export type ReadFile = (path: string, maxBytes: number) => Promise<Buffer>;
export type Headers = Readonly<Record<string, string>>;

export interface HeadersFileOptions {
  readonly flag: string;
  readonly path: string;
  readonly readFile: ReadFile;
  readonly clock: Clock;
  /** Called if the file has changed and can't be used: the earlier headers stay in use. */
  readonly told: (detail: string) => void;
}

const MOST_BYTES = 64 * 1024;
/** How often the file is read again, since tokens are replaced while the service runs. */
const REREAD_MS = 10_000;

/** Headers that the request sets itself. */
const RESERVED = /^(?:host|content-(?:length|type|encoding)|transfer-encoding|connection|te|trailer|upgrade|expect)$/i;

/**
 * Follows a file with one header on each line, such as `authorization: Bearer …`, so that secrets need not be on the
 * command line.
 * @returns a function that returns the current headers
 * @throws UserError that names flag, file, line and remedy; never a value, since it is a secret
 */
export async function followHeadersFile(options: HeadersFileOptions): Promise<() => Promise<Headers>> {
  const { flag, path, readFile, clock, told } = options;
  const read = async (): Promise<Headers> => headersOf((await readFile(path, MOST_BYTES)).toString('utf8'));
  let headers: Headers;
  try {
    headers = await read();
  } catch (error) {
    throw new UserError(`--${flag} ${path}: ${problemOf(error)}`, 1, { cause: error });
  }
  let readAt = clock.monotonic();
  let problem = '';
  return async () => {
    if (clock.monotonic() - readAt < REREAD_MS) return headers;
    readAt = clock.monotonic();
    try {
      headers = await read();
      problem = '';
    } catch (error) {
      const now = problemOf(error);
      if (now !== problem) told(`--${flag} ${path}: ${now}; the headers of before are sent`);
      problem = now;
    }
    return headers;
  };
}

class LineFault extends Error {
  override name = 'LineFault';
}

function problemOf(error: unknown): string {
  return error instanceof LineFault ? error.message : sentenceOf(error);
}

function headersOf(text: string): Headers {
  const headers: Record<string, string> = {};
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/.exec(line) ?? [];
    if (name === '') throw new LineFault(`line ${at + 1} is not a header, such as authorization: Bearer TOKEN`);
    if (RESERVED.test(name)) throw new LineFault(`line ${at + 1}: ${name.toLowerCase()} is set by ostiary itself`);
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
