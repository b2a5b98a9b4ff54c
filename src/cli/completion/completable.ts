import { flagName } from '../../flags.ts';
import type { Flags } from '../../flags.ts';
import type { RunnableCommand } from '../command.ts';

/** What a shell completes of one command. */
export interface Completable {
  readonly name: string;
  readonly summary: string;
  /** What the first argument may be. */
  readonly words: readonly string[];
  readonly flags: readonly CompletableFlag[];
}

export interface CompletableFlag {
  /** With its dashes. */
  readonly name: string;
  readonly short: string | undefined;
  readonly help: string;
  /** `switch`: it has none. `path`: a file or folder. */
  readonly value: 'switch' | 'path' | 'other' | readonly string[];
}

const PATHS: ReadonlySet<string> = new Set(['FILE', 'DIR', 'PATH']);

export function completable(
  name: string,
  summary: string,
  { flags, argumentWords = [] }: Pick<RunnableCommand, 'flags' | 'argumentWords'>,
): Completable {
  return { name, summary, words: argumentWords, flags: flagsOf(flags) };
}

function flagsOf(flags: Flags): readonly CompletableFlag[] {
  return Object.entries(flags).map(([key, { placeholder, short, help }]) => ({
    name: `--${flagName(key)}`,
    short: short === undefined ? undefined : `-${short}`,
    help,
    value: valueOf(placeholder),
  }));
}

function valueOf(placeholder: string | undefined): CompletableFlag['value'] {
  if (placeholder === undefined) return 'switch';
  if (placeholder.includes('|')) return placeholder.split('|');
  return PATHS.has(placeholder) ? 'path' : 'other';
}
