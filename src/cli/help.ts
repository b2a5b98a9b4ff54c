import { flagName, variableName } from '../flags.ts';
import type { Flags } from '../flags.ts';

/** The text of `ostiary COMMAND --help`. */
export function helpText(usage: string, summary: string, flags: Flags): string {
  const rows = Object.entries(flags).map(([key, flag]) => {
    const name = `--${flagName(key)}${flag.placeholder === undefined ? '' : ` ${flag.placeholder}`}`;
    return `  ${name}\n      ${flag.help}${flag.shown === '' ? '' : ` (default ${flag.shown})`} [${variableName(key)}]`;
  });
  return `${summary}\n\nusage: ${usage}\n\n${rows.join('\n')}\n`;
}
