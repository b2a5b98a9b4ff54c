import { flagName } from '../flags.ts';
import type { Flag, Flags } from '../flags.ts';

export interface Help {
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly flags: Flags;
  /** Titles, by the first flag of what they stand above. */
  readonly sections?: Readonly<Record<string, string>> | undefined;
}

const COLUMNS = 100;

/** The text of `ostiary COMMAND --help`. */
export function helpText({ usage, summary, examples, flags, sections = {} }: Help): string {
  const rows = Object.entries(flags).map(([key, flag], at) => {
    const short = flag.short === undefined ? '' : `, -${flag.short}`;
    const name = `--${flagName(key)}${short}${flag.placeholder === undefined ? '' : ` ${flag.placeholder}`}`;
    const title = sections[key] ?? (at === 0 ? 'Flags' : undefined);
    const heading = title === undefined ? '' : `${at === 0 ? '' : '\n'}${title}:\n`;
    return `${heading}  ${name}\n${wrapped(meaningOf(flag), '      ')}`;
  });
  const help = `${rows.length === 0 ? 'Flags:\n' : ''}  -h, --help\n      this text`;
  const parts = [
    wrapped(joined(summary), ''),
    `Usage:\n${wrapped(`ostiary ${usage}`, '  ')}`,
    examples.length === 0 ? '' : `Examples:\n${examples.map((line) => `  ostiary ${line}`).join('\n')}`,
    [...rows, help].join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function meaningOf({ help, shown, variable }: Flag<unknown>): string {
  return `${help}${shown === '' ? '' : ` (default ${shown})`}${variable === undefined ? '' : ` [${variable}]`}`;
}

/** Sources break lines within a sentence where it suits them; only the end of a sentence ends a line here. */
function joined(text: string): string {
  return text.replaceAll(/(?<!\.)\n/g, ' ');
}

/** Lines that no terminal breaks, except where one word alone is too long. */
function wrapped(text: string, indent: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const broken: string[] = [];
    let current = '';
    for (const word of line.split(' ')) {
      const longer = current === '' ? word : `${current} ${word}`;
      if (indent.length + longer.length > COLUMNS && current !== '') {
        broken.push(current);
        current = word;
      } else current = longer;
    }
    broken.push(current);
    return broken;
  });
  return lines.map((line) => `${indent}${line}`).join('\n');
}
