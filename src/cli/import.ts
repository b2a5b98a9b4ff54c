import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { stringify } from 'yaml';
import { formatFault } from '../document/fault.ts';
import { host as hostSchema } from '../document/fields.ts';
import { egressRules } from '../egress/rules.ts';
import { UserError } from '../errors.ts';
import { list, text, toggle } from '../flags.ts';
import { importFlex } from '../import/flex.ts';
import type { Imported } from '../import/flex.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { hostMatchingOf } from '../serve/locate-flags.ts';
import { defineCommand } from './command.ts';
import { count } from './count.ts';
import { fetchesNothing } from '../serve/offline-environment.ts';
import { compileOnce } from './documents.ts';

const SOURCES = ['flex'];
/** The defaults of `serve`. */
const HOSTS = hostMatchingOf({
  hostPort: serveFlags.hostPort.fallback,
  hostFinalDot: serveFlags.hostFinalDot.fallback,
});

export const command = defineCommand({
  usage: 'import flex DIR … [FLAGS]',
  summary:
    'Makes documents of ostiary of those of Flex/Omni Gateway in DIR: ApiInstance and PolicyBinding.\n' +
    'Prints them, or writes a file for each that has some. What can not be imported is listed by file, line and field,\n' +
    'and nothing is written then. Notes say what is left to Envoy, and what is decided otherwise.\n' +
    'Exits 0 if all is imported, else 1.',
  examples: [
    'import flex /usr/local/share/mulesoft/flex-gateway/conf.d --out policies',
    'import flex conf.d --host orders=orders.example.com --host users=users.example.com',
  ],
  flags: {
    out: text('', 'DIR', 'write there; absent: print'),
    overwrite: toggle('write over files that are there'),
    host: list(
      [],
      'API=HOST',
      'a host of an ApiInstance, where several ports tell APIs apart; may be repeated',
      hostPair,
    ),
    egressAllow: serveFlags.egressAllow,
  },
  maxArguments: Infinity,
  async run({ values, positionals: [from, ...directories] }, environment) {
    if (from === undefined)
      throw new UserError(`expected what to import: one of ${SOURCES.join(', ')}; see ostiary import --help`, 2);
    if (!SOURCES.includes(from))
      throw new UserError(`can not import ${JSON.stringify(from)}: expected one of ${SOURCES.join(', ')}`, 2);
    if (directories.length === 0)
      throw new UserError('expected a directory with documents, such as ostiary import flex conf.d', 2);
    if (values.overwrite && values.out === '') throw new UserError('--overwrite has no effect without --out', 2);
    const outwards = { transport: fetchesNothing, rules: egressRules(values.egressAllow) };
    const imported = await importFlex({
      directories,
      hosts: hostsOf(values.host),
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
    await write(imported, directories, values.out, values.overwrite);
    return 0;
  },
});

function hostPair(given: string): string | undefined {
  const at = given.indexOf('=');
  return at > 0 && hostSchema.safeParse(given.slice(at + 1)).success
    ? undefined
    : 'expected API=HOST, such as orders=orders.example.com';
}

function hostsOf(pairs: readonly string[]): ReadonlyMap<string, readonly string[]> {
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
