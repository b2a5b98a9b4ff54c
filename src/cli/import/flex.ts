import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { stringify } from 'yaml';
import { formatFault } from '../../document/fault.ts';
import { host as hostSchema } from '../../document/fields.ts';
import { egressRules } from '../../egress/rules.ts';
import { UserError } from '../../errors.ts';
import { list, text, toggle } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { importFlex } from '../../import/flex.ts';
import type { Imported } from '../../import/flex.ts';
import { serveFlags } from '../../serve/serve-flags.ts';
import { hostMatchingOf } from '../../serve/locate-flags.ts';
import type { Environment } from '../command.ts';
import { applyImported } from './to-control.ts';
import type { ControlTarget } from './to-control.ts';
import { count } from '../count.ts';
import { fetchesNothing } from '../../serve/offline-environment.ts';
import { compileOnce } from '../documents.ts';

/** The defaults of `serve`. */
const HOSTS = hostMatchingOf({
  hostPort: serveFlags.hostPort.fallback,
  hostFinalDot: serveFlags.hostFinalDot.fallback,
});

export const flexFlags = {
  out: text('', 'DIR', 'write files there; of anypoint beside those for a control plane'),
  overwrite: toggle('write over files that are there'),
  host: list(
    [],
    'API=HOST',
    'a host of an API, where several ports tell APIs apart, or no address is told; may be repeated',
    hostPair,
  ),
  egressAllow: serveFlags.egressAllow,
};

/** `ostiary import flex`. @returns the exit code */
export async function importFromFlex(
  directories: readonly string[],
  { out, overwrite, host, egressAllow }: FlagValues<typeof flexFlags>,
  environment: Environment,
  target: ControlTarget | undefined,
): Promise<number> {
  if (directories.length === 0)
    throw new UserError('expected a directory with documents, such as ostiary import flex conf.d', 2);
  if (overwrite && out === '') throw new UserError('--overwrite has no effect without --out', 2);
  if (target !== undefined && out !== '') throw new UserError('give --out or --server, and not both', 2);
  const outwards = { transport: fetchesNothing, rules: egressRules(egressAllow) };
  const imported = await importFlex({
    directories,
    hosts: hostsOf(host),
    compile: async (set, variables) => {
      const compiled = await compileOnce(set, { ...variables, ...environment }, outwards, HOSTS);
      compiled.close();
      return compiled;
    },
  });
  const { faults, notes } = imported;
  process.stderr.write(notes.map((note) => `note: ${formatFault(note)}\n`).join(''));
  if (faults.length > 0) {
    process.stderr.write(
      `${faults.map(formatFault).join('\n')}\nostiary: ${count(faults.length, 'fault')}; nothing is written\n`,
    );
    return 1;
  }
  if (target !== undefined) {
    const documents = [...imported.files].flatMap(([file, made]) => made.map((document) => ({ document, file })));
    return (await applyImported(documents, target)) ? 0 : 1;
  }
  await write(imported, directories, out, overwrite);
  return 0;
}

export function hostPair(given: string): string | undefined {
  const at = given.indexOf('=');
  return at > 0 && hostSchema.safeParse(given.slice(at + 1)).success
    ? undefined
    : 'expected API=HOST, such as orders=orders.example.com';
}

export function hostsOf(pairs: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, readonly string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    hosts.set(name, [...(hosts.get(name) ?? []), pair.slice(at + 1)]);
  }
  return hosts;
}

async function write(
  { files }: Imported,
  directories: readonly string[],
  out: string,
  overwrite: boolean,
): Promise<void> {
  const texts = [...files].map(([file, documents]) => ({
    file: nameBelow(directories, file),
    text: textOf(file, documents),
  }));
  if (out === '') {
    process.stdout.write(texts.map((each) => each.text).join(''));
    return;
  }
  const targets = texts.map(({ file, text: content }) => ({ path: join(out, file), content }));
  const twice = targets.find(({ path }, index) => targets.findIndex((other) => other.path === path) < index);
  if (twice !== undefined)
    throw new UserError(`two files would be written to ${twice.path}: import the directories one by one`);
  const there = targets.find(({ path }) => existsSync(path));
  if (there !== undefined && !overwrite)
    throw new UserError(`${there.path} is there already: nothing is written; --overwrite writes over it`);
  for (const { path, content } of targets) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { flag: overwrite ? 'w' : 'wx' });
    process.stderr.write(`ostiary: wrote ${path}\n`);
  }
}

/** The path of a file below the directory that was given; JSON becomes YAML. */
function nameBelow(directories: readonly string[], file: string): string {
  const inside = directories
    .map((directory) => relative(directory, file))
    .find((each) => each !== '' && !each.startsWith('..'));
  return (inside ?? basename(file)).replace(/\.json$/i, '.yaml');
}

function textOf(file: string, documents: readonly object[]): string {
  const texts = documents.map((document) => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }));
  return texts.map((each, index) => `---\n${index === 0 ? `# Imported from ${basename(file)}\n` : ''}${each}`).join('');
}
