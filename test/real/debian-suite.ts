import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './sources.ts';
import type { Source } from './sources.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A program of another Debian release than the machine's, with the libraries that only that release has. */
export interface SuitePackage {
  /** Such as `bullseye`. */
  readonly suite: string;
  /** The package and its version, which is pinned. */
  readonly name: string;
  readonly version: string;
  /** Packages with libraries that a newer release lacks. */
  readonly libraries: readonly string[];
  /** Where the program lies in the package, such as `usr/bin/redis-check-rdb`. */
  readonly program: string;
  /** What it is to be called by: some programs tell by their name what they are. */
  readonly as: string;
}

/**
 * Unpacks a package of another release beside the system, which it leaves as it is: apt works on lists of its
 * own, from the mirror that the machine uses. No root is needed.
 */
export function debianSuite({ suite, name, version, libraries, program, as }: SuitePackage): Source {
  return {
    id: `${as}-${suite}-${version.replaceAll(/[:+]/g, '-')}`,
    binary: as,
    async obtain(folder) {
      const apt = join(folder, '.apt');
      await mkdir(join(apt, 'lists/partial'), { recursive: true });
      await mkdir(join(apt, 'cache/archives/partial'), { recursive: true });
      await writeFile(join(apt, 'list'), `deb [signed-by=${KEYRING}] ${await mirror()} ${suite} main\n`);
      // What the machine has installed says nothing here: without this apt looks for its versions.
      const own = [
        'Dir::State::status=/dev/null',
        'Dir::Etc::sourcelist=list',
        'Dir::Etc::sourceparts=-',
        'Dir::State::lists=lists',
        'Dir::Cache=cache',
      ];
      const options = own.flatMap((option) => ['-o', option.replace(/=(?=\w)/, `=${apt}/`)]);
      await command('apt-get', ['update', '--quiet', ...options]);
      await command('apt-get', ['download', '--quiet', ...options, `${name}=${version}`, ...libraries], { cwd: apt });
      const packages = (await readdir(apt)).filter((file) => file.endsWith('.deb'));
      for (const file of packages) await command('dpkg-deb', ['-x', join(apt, file), folder]);
      await rm(apt, { recursive: true });
      const wrapper = join(folder, as);
      await writeFile(wrapper, wrapperOf(program, as));
      await chmod(wrapper, 0o755);
    },
  };
}

/** The mirror of Debian that this machine is set up with. */
async function mirror(): Promise<string> {
  const told = (await command('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'])).stdout;
  const site = told.split('\n').find((each) => /\/debian\/?$/.test(each));
  if (site === undefined) throw new Error('apt-get knows no mirror of Debian');
  return site;
}

/** It takes the place of the shell, so that signals reach the program itself. */
function wrapperOf(program: string, as: string): string {
  return `#!/bin/bash
folder=$(dirname "$(readlink -f "$0")")
libraries=$(echo "$folder"/usr/lib/*-linux-gnu*)
LD_LIBRARY_PATH="$libraries" exec -a ${as} "$folder/${program}" "$@"
`;
}
