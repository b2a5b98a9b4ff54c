import type { Completable, CompletableFlag } from './completable.ts';

/** A script for fish 3 and later. */
export function fishCompletion(commands: readonly Completable[]): string {
  const first = commands.map(
    ({ name, summary }) => `complete -c ostiary -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}\n`,
  );
  return `# Completion of ostiary in fish. To load it in every shell:
#   ostiary completion fish > ~/.config/fish/completions/ostiary.fish
${first.join('')}${commands.flatMap(linesOf).join('')}`;
}

function linesOf({ name, words, flags }: Completable): readonly string[] {
  const begin = `complete -c ostiary -n '__fish_seen_subcommand_from ${name}'`;
  const unlessSeen = `complete -c ostiary -n '__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${words.join(' ')}'`;
  return [
    ...(words.length === 0 ? [] : [`${unlessSeen} -f -a ${quoted(words.join(' '))}\n`]),
    ...flags.map((flag) => `${begin} ${optionOf(flag)}\n`),
  ];
}

function optionOf({ name, short, help, value }: CompletableFlag): string {
  const letter = short === undefined ? '' : ` -s ${short.slice(1)}`;
  const ends = { switch: '', path: ' -r -F', other: ' -x' };
  const end = typeof value === 'string' ? ends[value] : ` -x -a ${quoted(value.join(' '))}`;
  return `-l ${name.slice(2)}${letter}${end} -d ${quoted(help)}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}
