import type { LogFields } from './log.ts';

/**
 * The loggable parts of an unexpected error: its class, its code and where it was thrown. The message is left out,
 * since libraries quote their input in it (`JSON.parse` does), and the input may be a token.
 */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && typeof error.code === 'string' && /^[A-Z0-9_]{1,64}$/.test(error.code);
  return {
    error: error.name,
    error_code: code ? (error.code as string) : undefined,
    stack: framesOf(error),
  };
}

const MAX_FRAMES = 12;

function framesOf(error: Error): string[] {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return frames.slice(0, MAX_FRAMES).map((line) => line.trim());
}
