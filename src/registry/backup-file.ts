import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { UserError } from '../errors.ts';
import { textLines } from '../text-lines.ts';

/**
 * Writes lines, or pieces of them, to a file, compressed with gzip, readable by our user alone. It is there whole and on the disk, or not at all.
 * @throws UserError where it can't be written
 */
export async function writeBackupFile<Result>(
  file: string,
  fill: (write: (text: string | Uint8Array) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const unfinished = `${file}.unfinished`;
  try {
    const gzip = createGzip();
    const written = pipeline(gzip, createWriteStream(unfinished, { mode: 0o600 }));
    const failed = written.then(
      () => new Promise<never>(() => {}),
      (error: unknown) => Promise.reject(error as Error),
    );
    const result = await Promise.race([
      failed,
      fill(async (text) => {
        if (!gzip.write(text)) await Promise.race([once(gzip, 'drain'), failed]);
      }),
    ]);
    gzip.end();
    await written;
    await toDisk(unfinished);
    await rename(unfinished, file);
    return result;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw fileFault(file, error, 'be written');
  }
}

/** @throws UserError where it can't be read, or is no such file */
export async function* backupFileLines(file: string): AsyncGenerator<string> {
  const unpacked = createGunzip();
  const flowing = pipeline(createReadStream(file), unpacked);
  flowing.catch(() => {});
  try {
    yield* textLines(unpacked);
    await flowing;
  } catch (error) {
    throw fileFault(file, error, 'be read');
  }
}

async function toDisk(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function fileFault(file: string, error: unknown, what: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof UserError || code === undefined) return error;
  if (code.startsWith('Z_')) return new UserError(`${file} is damaged, or no backup of ostiary`);
  return new UserError(`${file} can't ${what} (${code})`);
}
