import type { Log } from '../observe/log.ts';

/** Tells of calls that failed by a mistake of ours: their callers hear of an internal error alone. */
export function failedCallTeller(log: Log): (path: string, error: unknown) => void {
  return (path, error) => {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error('call failed', { detail: `${path}: ${why}` });
  };
}
