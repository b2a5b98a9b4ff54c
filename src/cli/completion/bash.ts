import type { Completable } from './completable.ts';

/** A script for bash 4 and later. */
export function bashCompletion(commands: readonly Completable[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# Completion of ostiary in bash. To load it in every shell:
#   ostiary completion bash > ~/.local/share/bash-completion/completions/ostiary
_ostiary() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words= flags=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${names} help' -- "$current")
    return
  fi
  case \${COMP_WORDS[1]} in
${commands.map(caseOf).join('')}  help)
    words='${names}'
    ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags --help" -- "$current")
  elif ((COMP_CWORD == 2)) && [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    compopt -o default 2>/dev/null
  fi
}
complete -F _ostiary ostiary
`;
}

function caseOf({ name, words, flags }: Completable): string {
  const values = flags.flatMap(({ name: flag, short, value }) => {
    const given = short === undefined ? flag : `${flag} | ${short}`;
    if (value === 'switch') return [];
    if (value === 'path') return [`    ${given})\n      compopt -o default 2>/dev/null\n      return\n      ;;\n`];
    if (value === 'other') return [`    ${given})\n      return\n      ;;\n`];
    const reply = `mapfile -t COMPREPLY < <(compgen -W '${value.join(' ')}' -- "$current")`;
    return [`    ${given})\n      ${reply}\n      return\n      ;;\n`];
  });
  const choice = values.length === 0 ? '' : `    case $previous in\n${values.join('')}    esac\n`;
  return `  ${name})
    words='${words.join(' ')}'
    flags='${flags.map((flag) => flag.name).join(' ')}'
${choice}    ;;
`;
}
