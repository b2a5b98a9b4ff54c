import { UserError } from '../../errors.ts';
import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { list, text, toggle } from '../../flags.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { count } from '../count.ts';
import { shortName } from '../platform/kinds.ts';
import { serverFlags } from '../platform/server.ts';
import { arrange, EXAMPLE } from './arrange.ts';
import type { Arranged } from './arrange.ts';
import { changesText, writeFolder } from './folder.ts';
import { sightOf } from './sight.ts';
import { readState } from './state.ts';

const OWNERS = ['api', 'console', 'git', 'kubernetes'];
const ownerForm = (given: string): string | undefined =>
  OWNERS.includes(given) ? undefined : `expected one of ${OWNERS.join(', ')}`;

/** Writes what the control plane has as files. */
export const command = defineCommand({
  usage: 'export DIR [FLAGS]',
  summary:
    'Writes all that the caller may read as files of documents: one for each resource, and one for all contracts of an\n' +
    'API. Applied to an empty control plane, they give the same state. The next export to the same folder changes what\n' +
    'has changed and deletes what is gone, so that Git shows it. The values of Secrets, tokens and users are in no file:\n' +
    'what to do about them is told.',
  examples: [
    'export policies/',
    'export policies/ -n shop # one namespace; repeatable',
    'export policies/ --team shop # its namespaces, and what else belongs to it',
  ],
  flags: {
    namespace: { ...list([], 'NAME', 'this namespace alone; repeatable'), short: 'n' },
    team: text(undefined, 'NAME', 'what belongs to this team alone: its namespaces, its APIs and applications'),
    owner: text(undefined, 'NAME', 'what this owner keeps alone: api, console, git or kubernetes', ownerForm),
    overwrite: toggle('write over files that are there and that no export has written'),
    ...serverFlags,
  },
  sections: { namespace: 'What', overwrite: 'How', server: 'Where' },
  maxArguments: 1,
  async run({ values, positionals: [folder] }, environment) {
    const { namespace, team, owner, overwrite } = values;
    if (folder === undefined) throw new UserError('where to? ostiary export DIR', 2);
    if (team !== undefined && namespace.length > 0) throw new UserError('give -n or --team, and not both', 2);
    const caller = { values, environment };
    const seen = await sightOf(caller);
    const { resources, revision } = await readState({ namespaces: namespace, team, owner }, caller);
    const arranged = arrange(resources);
    const scope = [
      'export',
      ...[...namespace].toSorted().map((name) => `-n ${name}`),
      ...(team === undefined ? [] : [`--team ${team}`]),
      ...(owner === undefined ? [] : [`--owner ${owner}`]),
    ].join(' ');
    const changes = await writeFolder(arranged.files, { path: folder, scope, overwrite, seen });
    const told = [
      `${changesText(changes, folder)}: ${count(resources.length - arranged.ofFiles.length - arranged.parts.length, 'resource')} of revision ${revision}`,
      ...remarksOn(arranged),
      ...keptRemark(changes.kept),
    ];
    process.stderr.write(told.map((line) => `${shown(line)}\n`).join(''));
    return 0;
  },
});

const MOST_NAMED = 5;

/** What is in no file, or needs a hand, and what to do. */
function remarksOn({ secrets, parts, ofFiles, contested }: Arranged): readonly string[] {
  const lines: string[] = [];
  if (secrets.length > 0) {
    lines.push(
      `${count(secrets.length, 'Secret')} without values, which nobody can read back: write them, and cut ${EXAMPLE} off the names of ${listed(secrets)}`,
    );
  }
  if (parts.length > 0) {
    lines.push(
      `not exported, since you see them in part, without credentials or policies: ${listed(parts.map(shortName))}. Whoever may write them exports them`,
    );
  }
  if (ofFiles.length > 0) {
    lines.push(`not exported, since they stand in files: ${listed(ofFiles.map(nameAndFile))}`);
  }
  for (const path of contested)
    lines.push(`${path} holds APIs of one host and path, the oldest first: keep their order`);
  lines.push(
    'not exported, since they are no documents: tokens and users. Make them anew, or keep all of it by ostiary control backup',
  );
  return lines;
}

function keptRemark(kept: readonly string[]): readonly string[] {
  if (kept.length === 0) return [];
  return [
    `kept as they were, since somebody has exported them who sees what you don't: ${listed(kept)}. Whoever sees everything exports to bring them up to date, or delete them yourself`,
  ];
}

function nameAndFile(resource: Resource): string {
  return `${shortName(resource)} (${resource.set})`;
}

function listed(texts: readonly string[]): string {
  const more = texts.length - MOST_NAMED;
  return texts.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
