import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** A file of the console, as it is sent: kept in memory in every encoding. */
export interface ConsoleFile {
  readonly type: string;
  readonly bodies: Readonly<Record<Encoding, Body>>;
}

export type Encoding = 'br' | 'gzip' | 'identity';

export interface Body {
  readonly bytes: Buffer;
  /** Strong (RFC 9110, 8.8.1): another for each encoding. */
  readonly etag: string;
}

export interface ConsoleFiles {
  readonly page: ConsoleFile;
  /** The document that draws a specification; undefined: it was not built. */
  readonly reference: ConsoleFile | undefined;
  /** By name, such as `console-4xL16izI.js`: the name changes with the content. */
  readonly assets: ReadonlyMap<string, ConsoleFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** It is done once a start: higher ones take seconds for a few percent. */
const BROTLI_QUALITY = 5;

/**
 * Reads what `console/build.ts` has built.
 * @returns undefined: it was not built
 */
export async function readConsoleFiles(folder: string): Promise<ConsoleFiles | undefined> {
  const assets = join(folder, 'assets');
  let names: readonly string[];
  try {
    names = await readdir(assets);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const read = await Promise.all(names.map(async (name) => [name, await fileOf(join(assets, name))] as const));
  const reference = await fileOf(join(folder, 'reference.html')).catch(ifMissing);
  return { page: await fileOf(join(folder, 'index.html')), reference, assets: new Map(read) };
}

function ifMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

async function fileOf(path: string): Promise<ConsoleFile> {
  const plain = await readFile(path);
  const [br, zipped] = await Promise.all([
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
    promisify(gzip)(plain),
  ]);
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    bodies: { br: bodyOf(br), gzip: bodyOf(zipped), identity: bodyOf(plain) },
  };
}

function bodyOf(bytes: Buffer): Body {
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}
