import { randomBytes } from 'node:crypto';
import { systemTimers } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { createHashingThread } from './hashing-thread.ts';
import { PasswordChecks } from './password-checks.ts';

/** Makes the checks of one process. The thread starts with the first password. The caller closes them. */
export function openPasswordChecks(clock: Clock): PasswordChecks {
  return new PasswordChecks({ clock, timers: systemTimers, key: randomBytes(32), thread: createHashingThread() });
}
