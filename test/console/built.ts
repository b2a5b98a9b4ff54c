import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exclusively } from '../real/cache.ts';

let built: Promise<void> | undefined;

/** Builds the console where control planes of the sources look for it, unless it is what the sources are: of all workers, one does. */
export function buildConsole(): Promise<void> {
  built ??= exclusively('console', async () => {
    const script = join(import.meta.dirname, '../../console/build.ts');
    await promisify(execFile)(process.execPath, [script, '--if-changed']);
  });
  return built;
}
