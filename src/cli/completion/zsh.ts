import type { Completable, CompletableFlag } from './completable.ts';

/** A script for zsh 5 and later. */
export function zshCompletion(commands: readonly Completable[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}\n`);
  return `#compdef ostiary
# Completion of ostiary in zsh. To load it in every shell, with a folder of $fpath:
#   ostiary completion zsh > "\${fpath[1]}/_ostiary"
_ostiary() {
  local -a commands
  commands=(
${names.join('')}    'help:describe a command'
  )
  if ((CURRENT == 2)); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(caseOf).join('')}  help)
    _arguments ${quoted(`1:command:(${commands.map(({ name }) => name).join(' ')})`)}
    ;;
  esac
}
if [[ $funcstack[1] == _ostiary ]]; then
  _ostiary "$@"
else
  compdef _ostiary ostiary
fi
`;
}

function caseOf({ name, words, flags }: Completable): string {
  const first = words.length === 0 ? '1:argument:_files' : `1:argument:(${words.join(' ')})`;
  const specs = [...flags.flatMap(specsOf), `'(- *)--help[this text]'`, quoted(first), `'*:argument:_files'`];
  return `  ${name})\n    _arguments ${specs.join(' \\\n      ')}\n    ;;\n`;
}

function specsOf({ name, short, help, value }: CompletableFlag): readonly string[] {
  const shown = `[${help.replace(/[[\]\\:]/g, (character) => `\\${character}`)}]`;
  const action = {
    switch: '',
    path: ':path:_files',
    other: ':value: ',
  };
  const end = typeof value === 'string' ? action[value] : `:value:(${value.join(' ')})`;
  return [name, ...(short === undefined ? [] : [short])].map((each) => quoted(`*${each}${shown}${end}`));
}

/** For a shell, within single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
