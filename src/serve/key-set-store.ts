import { systemClock as clock } from '../clock.ts';
import { systemFiles } from '../file-access.ts';
import { openKeySetFolder } from '../jwt/key-set-folder.ts';
import type { KeySetStore } from '../jwt/key-set-folder.ts';
import type { Log } from '../observe/log.ts';
import type { ServeFlags } from './serve-flags.ts';

/** A fault that repeats with each fetch is reported once. */
export async function keySetStoreOf({ keySetFolder }: ServeFlags, log: Log): Promise<KeySetStore | undefined> {
  if (keySetFolder === undefined) return undefined;
  const told = new Set<string>();
  return openKeySetFolder({
    folder: keySetFolder,
    access: systemFiles,
    now: () => clock.now(),
    userId: process.getuid?.(),
    onFault(detail) {
      if (!told.has(detail)) log.warn('key set on disk', { detail });
      told.add(detail);
    },
  });
}
