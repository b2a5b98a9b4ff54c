import { UserError } from '../../errors.ts';
import { didYouMean } from '../../nearest.ts';
import { defineCommand } from '../command.ts';
import { bashCompletion } from './bash.ts';
import { completable } from './completable.ts';
import type { Completable } from './completable.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

const SHELLS: ReadonlyMap<string, (commands: readonly Completable[]) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
]);

/** Prints a script with which a shell completes our commands and flags. */
export const command = defineCommand({
  usage: 'completion bash|zsh|fish',
  summary:
    'Prints a script with which the shell completes commands, flags and their values. Its first lines say where it goes.',
  examples: [
    'completion bash > ~/.local/share/bash-completion/completions/ostiary',
    'completion fish > ~/.config/fish/completions/ostiary.fish',
  ],
  flags: {},
  maxArguments: 1,
  argumentWords: [...SHELLS.keys()],
  async run({ positionals: [shell = ''] }) {
    const write = SHELLS.get(shell);
    if (write === undefined) {
      const given =
        shell === ''
          ? 'for which shell?'
          : `there is no completion for ${JSON.stringify(shell)}${didYouMean(shell, SHELLS.keys()) || '.'}`;
      throw new UserError(`${given} Expected ostiary completion bash|zsh|fish`, 2);
    }
    // Here, since the list of commands has this one in it.
    const { commands } = await import('../commands.ts');
    const all = await Promise.all(
      [...commands].map(async ([name, entry]) => completable(name, entry.summary, (await entry.load()).command)),
    );
    process.stdout.write(write(all));
    return 0;
  },
});
