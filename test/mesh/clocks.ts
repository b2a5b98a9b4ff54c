import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';

/** The wall clock of one process, apart from the machine's. */
export interface WallClock {
  /** What the process is to be started with. */
  readonly env: NodeJS.ProcessEnv;
  /** Sets it to the machine's time and so many seconds, at once and while the process runs. */
  set(offsetSeconds: number): void;
}

/**
 * libfaketime answers the process's calls to the C library: what the kernel tells JavaScript is shifted, in
 * every thread, and a jump needs no help from the process. The monotonic clock stays as it is, as where an
 * operator or NTP sets a clock.
 * @throws PartMissing
 */
export async function wallClock(offsetSeconds: number): Promise<WallClock> {
  const file = join(scratchFolder('clock'), 'offset');
  const set = (seconds: number): void => {
    // Renamed, so that no half of it is ever read.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${file}.new`, file);
  };
  set(offsetSeconds);
  return {
    env: {
      LD_PRELOAD: await realPart('libfaketime'),
      FAKETIME_TIMESTAMP_FILE: file,
      // Else a jump is noticed up to ten seconds later.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    set,
  };
}
