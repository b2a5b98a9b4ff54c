import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from './scratch.ts';

const root = join(import.meta.dirname, '../..');

let built: string | undefined;

/** The bundle's program, built from the sources as they are; once a test file. */
export function buildBundle(): string {
  if (built !== undefined) return built;
  const folder = scratchFolder('bundle');
  execFileSync(join(root, 'node_modules/.bin/rolldown'), ['--config', '--dir', folder], { cwd: root, stdio: 'pipe' });
  return (built = join(folder, 'main.js'));
}

/** The bundle with the flags and the environment that the image gives it, read from the Dockerfile. */
export function bundledAsInImage(): { readonly program: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const [, entryPoint = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  const [, ...flags] = JSON.parse(entryPoint) as string[];
  const [, arenas = ''] = /\bMALLOC_ARENA_MAX=(\d+)/.exec(dockerfile) ?? [];
  return { program: [...flags.slice(0, -1), buildBundle()], env: { MALLOC_ARENA_MAX: arenas } };
}
