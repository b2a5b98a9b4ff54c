import { streamDestination } from './log-destination.ts';
import type { LogDestination } from './log-destination.ts';

/** From the quietest to the most talkative. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Every field a line may have. A field that is not listed is not written, so that no object with a
 * header, a token or a secret in it can reach a log by being passed along.
 */
const FIELDS = [
  'address',
  'addresses',
  'alert',
  'allow_rate',
  'api',
  'apis',
  'cause',
  'client_address',
  'client_applications',
  'client_id',
  'client_name',
  'column',
  'contract',
  'contracts',
  'detail',
  'events',
  'expression',
  'dropped',
  'duration_ms',
  'error',
  'error_code',
  'failures',
  'remarks',
  'field',
  'file',
  'host',
  'ignored',
  'keys',
  'line',
  'listener',
  'message',
  'method',
  'never_seen',
  'node',
  'not_after',
  'outcome',
  'path',
  'pid',
  'policy',
  'reason',
  'request_id',
  'severity',
  'shadow',
  'signal',
  'sink',
  'snapshot',
  'sources',
  'stack',
  'status',
  'store',
  'stream_id',
  'suppressed',
  'tier',
  'url',
  'value',
  'version',
  'webhook',
] as const;

export type LogField = (typeof FIELDS)[number];
export type LogValue = string | number | boolean | readonly string[];
export type LogFields = Partial<Readonly<Record<LogField, LogValue | undefined>>>;

/** One JSON line an event, on standard output. */
export interface Log {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  /** Resolves when buffered lines are written, or nobody reads them. Await this before the process exits. */
  flush(): Promise<void>;
}

/** @param now milliseconds since the Unix epoch */
export function createLog(level: LogLevel, destination: LogDestination, now: () => number): Log {
  const loudest = LOG_LEVELS.indexOf(level);
  const at =
    (own: Exclude<LogLevel, 'silent'>) =>
    (event: string, fields?: LogFields): void => {
      if (LOG_LEVELS.indexOf(own) > loudest) return;
      const line = { level: own, time: new Date(now()).toISOString(), ...listed(fields), msg: event };
      destination.write(`${JSON.stringify(line)}\n`);
    };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    flush: () => destination.flush?.() ?? Promise.resolve(),
  };
}

/**
 * Standard output, which does not block where it is a pipe.
 * @param dropped called for each line that is lost because nobody reads fast enough
 */
export function standardOutput(dropped: () => void): LogDestination {
  return streamDestination({ stream: process.stdout, dropped });
}

function listed(fields: LogFields = {}): LogFields {
  const picked: Record<string, LogValue> = {};
  for (const name of FIELDS) {
    const value = fields[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
