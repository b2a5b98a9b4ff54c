import { flagName, variableName } from './flags.ts';
import type { Flags } from './flags.ts';

/** The text of `ostiary COMMAND --help`. */
export function helpText(usage: string, summary: string, flags: Flags): string {
  const rows = Object.entries(flags).map(([key, flag]) => {
    const name = `--${flagName(key)}${flag.placeholder === undefined ? '' : ` ${flag.placeholder}`}`;
    return `  ${name}\n      ${flag.help}${describeFallback(flag.fallback)} [${variableName(key)}]`;
  });
  return `${summary}\n\nusage: ${usage}\n\n${rows.join('\n')}\n`;
}

function describeFallback(fallback: unknown): string {
  if (fallback === undefined || fallback === false || fallback === '') return '';
  return ` (default ${Array.isArray(fallback) ? fallback.join(',') : String(fallback)})`;
}
