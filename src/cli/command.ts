import { shellWord } from '../commented-lines.ts';
import { UserError } from '../errors.ts';
import { flagName, parseFlags } from '../flags.ts';
import type { CommandLine, Flags, FlagValues } from '../flags.ts';
import { helpText } from './help.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What `ostiary NAME` takes and does. */
export interface Command<F extends Flags = Flags> {
  /** Without `ostiary`: `check [FILE] [FLAGS]`. */
  readonly usage: string;
  /** What it does, in whole sentences, with the exit codes if there are more than 0 and 2. */
  readonly summary: string;
  /** Command lines to copy, without `ostiary`; a comment after `#` explains each line. */
  readonly examples: readonly string[];
  readonly flags: F;
  /** Titles in the help, by the first flag below them. */
  readonly sections?: { readonly [K in keyof F]?: string };
  /** The maximum number of arguments beside flags; more are refused. */
  readonly maxArguments: number;
  /** What the first argument may be, for the completion of shells; absent: anything, such as a name. */
  readonly argumentWords?: readonly string[];
  /** The flags that have a meaning with these arguments and flags, if some have none; others are refused. */
  concerned?(positionals: readonly string[], values: FlagValues<F>): readonly (keyof F & string)[] | undefined;
  /** @returns the exit code @throws UserError for one clear line */
  run(this: void, line: CommandLine<F>, environment: Environment): Promise<number>;
}

/** What `main` runs. */
export interface RunnableCommand extends Pick<Command, 'flags' | 'maxArguments' | 'argumentWords'> {
  main(this: void, argv: readonly string[], environment: Environment): Promise<number>;
}

/** Reads the command line, prints the help, and refuses arguments without effect; the command does the rest. */
export function defineCommand<F extends Flags>(command: Command<F>): RunnableCommand {
  const { usage, summary, examples, flags, maxArguments } = command;
  const [name = ''] = usage.split(' ');
  return {
    flags,
    maxArguments,
    ...(command.argumentWords !== undefined && { argumentWords: command.argumentWords }),
    async main(argv, environment) {
      const line = parseFlags(flags, argv, environment);
      const concerned = command.concerned?.(line.positionals, line.values) ?? Object.keys(flags);
      if (line.help) {
        const shown = Object.fromEntries(Object.entries(flags).filter(([key]) => concerned.includes(key)));
        process.stdout.write(
          helpText({
            usage,
            summary,
            examples,
            flags: shown,
            sections: command.sections as Readonly<Record<string, string>>,
          }),
        );
        return 0;
      }
      const extra = line.positionals[maxArguments];
      if (extra !== undefined) {
        const takesFiles = maxArguments === 0 && Object.hasOwn(flags, 'file');
        const remedy = takesFiles
          ? `files are named by -f: ostiary ${name} -f ${shellWord(extra)}`
          : `see ostiary ${name} --help`;
        throw new UserError(`unexpected argument ${JSON.stringify(extra)}: ${remedy}`, 2);
      }
      refuseUnconcerned(line.given, concerned, [name, ...line.positionals].join(' '));
      return command.run(line, environment);
    },
  };
}

function refuseUnconcerned<K>(given: ReadonlySet<K>, concerned: readonly K[], name: string): void {
  for (const key of given) {
    if (concerned.includes(key)) continue;
    throw new UserError(`--${flagName(String(key))} has no effect in ostiary ${name}: leave it out, or see --help`, 2);
  }
}
