import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './scratch.ts';

/** Reused between runs and ignored by git. */
export const cacheFolder = join(import.meta.dirname, '../../.cache/parts');

/**
 * The folder `.cache/parts/<id>`, filled by `fill` where it is not there yet. Only whole folders
 * appear under their name, and of several processes that ask at once one fills it.
 */
export async function cached(id: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder, id);
  if (await exists(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  return exclusively(id, async () => {
    if (await exists(folder)) return folder;
    const fresh = join(cacheFolder, `.new-${id}-${randomUUID()}`);
    try {
      await mkdir(fresh);
      await fill(fresh);
      await rename(fresh, folder);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
    return folder;
  });
}

/** Runs `work` while no other process of this machine runs work of this name. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const lock = join(cacheFolder, `.lock-${name}`);
  await mkdir(cacheFolder, { recursive: true });
  while (!(await acquire(lock))) await sleep(200);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // A holder that was killed leaves its lock behind.
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
  return false;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
