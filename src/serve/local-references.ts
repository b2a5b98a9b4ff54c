import type { CompileOptions } from '../document/compiler.ts';
import { FileFault } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import type { NamedFileWatch } from './named-file-watch.ts';
import { readBelow } from './secrets-dir.ts';
import type { ServeFlags } from './serve-flags.ts';

/** What documents of a control plane can read of this machine. */
export type LocalReferences = Pick<CompileOptions, 'env' | 'unset' | 'readFile'>;

/** Only what flags list: whoever writes a document may be of another team than the secrets of this sidecar. */
export function localReferences(
  { allowEnv, secretsDir }: Pick<ServeFlags, 'allowEnv' | 'secretsDir'>,
  environment: Readonly<Record<string, string | undefined>>,
  watch?: Pick<NamedFileWatch, 'note'>,
): LocalReferences {
  const allowed = new Set(namesIn(allowEnv));
  return {
    env: Object.fromEntries([...allowed].map((name) => [name, environment[name]])),
    unset(name) {
      if (allowed.has(name))
        return `the environment variable ${name}, which --allow-env lists, is not set on this sidecar`;
      return `reads the environment variable ${name}, which this sidecar does not allow: start it with --allow-env ${name}`;
    },
    async readFile(path, maxBytes) {
      if (secretsDir !== undefined) {
        await watch?.note(path);
        return readBelow(secretsDir, path, maxBytes, systemFiles);
      }
      const why =
        'is not read, since this sidecar allows no files: start it with --secrets-dir DIR, and put the file there';
      throw new FileFault('EPERM', why);
    },
  };
}

/** Each flag may have several, between commas. */
export function namesIn(allowEnv: readonly string[]): readonly string[] {
  return allowEnv.flatMap((given) => given.split(','));
}
