/** One instruction of a Dockerfile, continued lines joined, `ARG` values of the defaults put in. */
export interface Instruction {
  /** Upper case, such as `COPY`. */
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  /** What follows the flags. */
  readonly rest: string;
}

export interface Stage {
  /** What `FROM` names. */
  readonly base: string;
  /** Its name after `AS`; the number of the stage where it has none. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Reads the plain subset of the Dockerfile format that ours uses. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  const args = new Map<string, string>();
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  for (const line of lines.join('\n').replaceAll('\\\n', ' ').split('\n')) {
    const instruction = readInstruction(line, args);
    if (instruction === undefined) continue;
    const { name, rest } = instruction;
    if (name === 'ARG') {
      const [key = '', value = ''] = rest.split('=');
      args.set(key, value);
    } else if (name === 'FROM') {
      const [base = '', , as] = rest.split(/\s+/);
      stages.push({ base, name: as ?? String(stages.length), instructions: [] });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
}

function readInstruction(line: string, args: ReadonlyMap<string, string>): Instruction | undefined {
  const match = /^\s*([A-Z]+)\s+(.*?)\s*$/.exec(line);
  if (match === null) return undefined;
  const [, name = '', written = ''] = match;
  const words = written.replaceAll(/\$\{(\w+)\}/g, (whole, arg: string) => args.get(arg) ?? whole).split(/\s+/);
  const flags: Record<string, string> = {};
  while (words[0]?.startsWith('--') === true) {
    const [flag = '', value = ''] = (words.shift() ?? '').slice(2).split('=');
    flags[flag] = value;
  }
  return { name, flags, rest: words.join(' ') };
}
