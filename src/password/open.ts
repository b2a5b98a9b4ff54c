import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { createHashingThread } from './hashing-thread.ts';
import { PasswordChecks } from './password-checks.ts';

/** For one process; the thread begins with the first password. To be closed. */
export function openPasswordChecks(clock: Clock): PasswordChecks {
  return new PasswordChecks({ clock, key: randomBytes(64), thread: createHashingThread() });
}
