import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { scratchFolder } from '../real/scratch.ts';
import { parseDockerfile } from './dockerfile.ts';
import type { Instruction } from './dockerfile.ts';

/** What the image would hold and say, as far as its Dockerfile tells without its bases. */
export interface BuiltImage {
  /** Its root folder. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

interface Folder {
  readonly root: string;
  workdir: string;
  readonly env: Record<string, string>;
  readonly said: Map<string, Instruction>;
}

/** Takes the steps of the Dockerfile in scratch folders instead of containers; `RUN` runs on this machine. */
export function buildImage(context: string): BuiltImage {
  const allowed = allowList(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const built = new Map<string, Folder>();
  let last: Folder | undefined;
  for (const stage of parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    last = { root: scratchFolder('image'), workdir: '/', env: {}, said: new Map() };
    for (const instruction of stage.instructions) follow(instruction, last, context, allowed, built);
    built.set(stage.name, last);
  }
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  const { root, workdir, env, said } = last;
  const list = (name: string) => JSON.parse(said.get(name)?.rest.replace(/^CMD /, '') ?? '[]') as string[];
  return {
    root,
    workdir,
    env,
    user: said.get('USER')?.rest ?? 'root',
    command: [...list('ENTRYPOINT'), ...list('CMD')],
    healthcheck: list('HEALTHCHECK'),
    labels: pairs(said.get('LABEL')?.rest ?? ''),
  };
}

function follow(
  instruction: Instruction,
  folder: Folder,
  context: string,
  allowed: readonly string[],
  built: ReadonlyMap<string, Folder>,
): void {
  const { name, flags, rest } = instruction;
  switch (name) {
    case 'WORKDIR':
      folder.workdir = rest;
      mkdirSync(join(folder.root, rest), { recursive: true });
      break;
    case 'ENV':
      Object.assign(folder.env, pairs(rest));
      break;
    case 'RUN':
      execFileSync('sh', ['-c', rest], {
        cwd: join(folder.root, folder.workdir),
        env: buildEnvironment(),
        stdio: 'pipe',
      });
      break;
    case 'COPY': {
      const from = flags['from'];
      if (from === undefined) checkAllowed(rest, allowed);
      copy(rest, from === undefined ? context : (built.get(from)?.root ?? ''), folder);
      break;
    }
    default:
      folder.said.set(name, instruction);
  }
}

/** `COPY A B ./` and `COPY A ./B`: a folder's content goes to the destination, a file goes into it. */
function copy(rest: string, from: string, { root, workdir }: Pick<Folder, 'root' | 'workdir'>): void {
  const sources = rest.split(' ');
  const destination = join(root, resolve(workdir, sources.pop() ?? ''));
  for (const source of sources) {
    const path = join(from, source);
    if (!existsSync(path)) throw new Error(`COPY ${rest}: there is no ${source}`);
    const isFileInto = rest.endsWith('/') && statSync(path).isFile();
    const target = isFileInto ? join(destination, basename(path)) : destination;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target, { recursive: true, verbatimSymlinks: true });
  }
}

function checkAllowed(rest: string, allowed: readonly string[]): void {
  for (const source of rest.split(' ').slice(0, -1)) {
    if (!allowed.includes(source)) throw new Error(`.dockerignore keeps ${source} out of the build`);
  }
}

function allowList(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] !== '*') throw new Error('.dockerignore is expected to begin with "*"');
  return lines.slice(1).map((line) => line.replace(/^!/, ''));
}

/** npm of Node 24, and nothing of the npm run that runs the tests. */
function buildEnvironment(): NodeJS.ProcessEnv {
  const outside = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV|VITEST|CI$)/.test(name));
  return {
    ...Object.fromEntries(outside),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  };
}

/** `A=1 B="two words"` */
function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map(([, key, quoted, plain]) => [key, quoted ?? plain]),
  ) as Record<string, string>;
}
