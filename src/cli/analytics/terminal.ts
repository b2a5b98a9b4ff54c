import type { Environment } from '../command.ts';

/**
 * How many columns a table may take: what the user prefers (`COLUMNS`, POSIX.1-2017 section 8.3), else what the terminal
 * has. A pipe or a file has room for all.
 */
export function columnsOf({ COLUMNS = '' }: Environment, stream: { readonly columns?: number }): number {
  const preferred = /^\d{1,6}$/.test(COLUMNS) ? Number(COLUMNS) : 0;
  return preferred > 0 ? preferred : (stream.columns ?? Infinity);
}
