import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { runMain } from './run-main.ts';

const run = promisify(execFile);
const [zsh, fish] = await Promise.all([partOrSkip('zsh'), partOrSkip('fish')]);

/** The script for a shell, as a file. */
async function scriptFor(shell: string): Promise<string> {
  const { stdout } = await runMain(['completion', shell]);
  const file = join(scratchFolder('completion'), `ostiary.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

interface Case {
  readonly what: string;
  /** The last one is being typed. */
  readonly words: readonly string[];
  readonly found: readonly string[];
}

const CASES: readonly Case[] = [
  { what: 'a command', words: ['ostiary', 'sidec'], found: ['sidecars'] },
  {
    what: 'the first argument',
    words: ['ostiary', 'contract', 're'],
    found: ['reject', 'request', 'restore', 'revoke'],
  },
  { what: 'an action of applications', words: ['ostiary', 'app', 'ro'], found: ['rotate-secret'] },
  { what: 'a flag of promote', words: ['ostiary', 'promote', '--sk'], found: ['--skip'] },
  { what: 'a flag', words: ['ostiary', 'apply', '--dry'], found: ['--dry-run'] },
  { what: 'the value of a flag', words: ['ostiary', 'get', 'apis', '-o', 'j'], found: ['json'] },
];

describe('completion in bash', () => {
  it.each(CASES)('completes $what', async ({ words, found }) => {
    const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ostiary; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['-c', script, 'bash', await scriptFor('bash'), ...words]);
    expect(stdout.trim().split('\n').toSorted()).toEqual(found);
  });
});

describe.skipIf(fish === undefined)('completion in fish', () => {
  it.each(CASES)('completes $what', async ({ words, found }) => {
    const script = `source ${await scriptFor('fish')}; complete -C '${words.join(' ')}'`;
    const { stdout } = await run(fish as string, ['--no-config', '-c', script]);
    const completions = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(completions).toEqual(found);
  });
});

describe.skipIf(zsh === undefined)('completion in zsh', () => {
  // What zsh completes is only to be seen in a terminal: it is asked for in one of its own making.
  const PROBE = `
    zmodload zsh/zpty
    zpty probe zsh -f -i
    zpty -w probe "PROMPT=; autoload -Uz compinit; compinit -u -D; source $1; zstyle ':completion:*' verbose no; LISTMAX=0; stty columns 200"
    zpty -w probe "echo be''gin"
    zpty -r -m probe text '*begin*'
    zpty -w -n probe "$2"$'\\t'
    sleep 1
    zpty -w -n probe $'\\t'
    sleep 1
    while zpty -r -t probe text; do print -rn -- "$text"; done
    zpty -d probe`;

  it.each(CASES)('completes $what', async ({ words, found }) => {
    const { stdout } = await run(zsh as string, ['-f', '-c', PROBE, 'zsh', await scriptFor('zsh'), words.join(' ')]);
    for (const each of found) expect(stdout).toContain(each);
  });
});

it('is there for three shells, and says so for another', async () => {
  const { code, stderr } = await runMain(['completion', 'bahs']);
  expect([code, stderr]).toEqual([
    2,
    'ostiary: there is no completion for "bahs"; did you mean "bash"? Expected ostiary completion bash|zsh|fish\n',
  ]);
});
