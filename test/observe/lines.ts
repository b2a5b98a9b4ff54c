import { createLog } from '../../src/observe/log.ts';
import type { Log, LogLevel } from '../../src/observe/log.ts';

/** A log whose lines stay in memory. */
export function logInMemory(level: LogLevel = 'debug'): {
  log: Log;
  text: () => string;
  lines: () => Record<string, unknown>[];
} {
  const written: string[] = [];
  const log = createLog(level, { write: (line) => void written.push(line) }, Date.now);
  return {
    log,
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
