import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { factsOf } from '../../control/facts.ts';
import { compareKeys } from '../../control/resource-index.ts';
import { shown } from '../analytics/shown.ts';
import { isPart } from '../platform/get.ts';
import { valueAt } from '../platform/resources.ts';
import { yamlText } from '../platform/yaml-text.ts';
import { fileName } from './file-names.ts';

/** Files to write, and what is in none of them. */
export interface Arranged {
  /** By path below the folder, with `/`. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of Secrets, whose values nobody can read back. */
  readonly secrets: readonly string[];
  /** Those that the caller sees in part: applied, they would lose the rest. */
  readonly parts: readonly Resource[];
  /** Those that stand in files already. */
  readonly ofFiles: readonly Resource[];
  /** Paths of files that hold APIs of one host and path in the order of their age. */
  readonly contested: readonly string[];
}

const FOLDERS: Readonly<Record<string, string>> = {
  Api: 'apis',
  ClientApplication: 'apps',
  Contract: 'contracts',
  PolicyBinding: 'bindings',
  Configuration: 'configurations',
  Alert: 'alerts',
  Webhook: 'webhooks',
  Team: 'teams',
  Specification: 'specifications',
  Secret: 'secrets',
};

/** What a Secret's file is called: no command reads it. */
export const EXAMPLE = '.example';

/**
 * A file for each resource, and one for all contracts of an API. The same resources give the same files, in whatever order
 * they come.
 */
export function arrange(resources: readonly Resource[]): Arranged {
  const files = new Map<string, string>();
  const secrets: string[] = [];
  const ofFiles = resources.filter(({ owner }) => owner === 'files');
  const parts = resources.filter(isPart);
  const others = resources.filter((each) => each.owner !== 'files' && !isPart(each)).toSorted(compareKeys);
  const groups = contestedGroups(others);
  const byPath = new Map<string, Resource[]>();
  for (const resource of others) {
    const path = pathOf(groups.get(resource)?.[0] ?? resource);
    const list = byPath.get(path);
    if (list === undefined) byPath.set(path, [resource]);
    else list.push(resource);
  }
  for (const [path, list] of byPath) {
    const [first] = list;
    const ordered = (first && groups.get(first)) ?? list;
    files.set(
      path,
      ordered.map((resource) => `---\n${remarksOf(resource)}${yamlText(resource.document ?? {})}`).join(''),
    );
    if (path.endsWith(EXAMPLE)) secrets.push(path);
  }
  const contested = new Set([...groups.values()].flatMap(([oldest]) => (oldest === undefined ? [] : [pathOf(oldest)])));
  return { files, secrets, parts, ofFiles, contested: [...contested].toSorted() };
}

function pathOf({ kind, namespace, name, document }: Resource): string {
  const folder = FOLDERS[kind] ?? fileName(kind);
  const api = kind === 'Contract' ? valueAt(document, 'spec.api') : undefined;
  const own = `${fileName(namespace)}/${folder}/${fileName(typeof api === 'string' ? api : name)}.yaml`;
  return kind === 'Secret' ? `${own}${EXAMPLE}` : own;
}

function remarksOf({ kind, owner, source, set }: Resource): string {
  const lines = [
    ...(owner === 'api' ? [] : [`Owner: ${[owner, source].join(' ').trim()}`]),
    ...(set === '' ? [] : [`Set: ${set}`]),
    ...(kind === 'Secret'
      ? [
          'No value can be read back. Write "value: …" in place of each digest, and cut .example off the name of this file.',
        ]
      : []),
  ];
  return lines.map((line) => `# ${shown(line)}\n`).join('');
}

/**
 * APIs of several namespaces that claim one host and path: the oldest gets the requests, so they are applied in this order.
 * @returns by API, all of its group, the oldest first
 */
function contestedGroups(resources: readonly Resource[]): ReadonlyMap<Resource, readonly Resource[]> {
  const byTerm = new Map<string, Resource[]>();
  for (const resource of resources) {
    if (resource.kind !== 'Api') continue;
    for (const term of factsOf(resource, resource.document, (text) => text).holds) {
      const rivals = byTerm.get(term);
      if (rivals === undefined) byTerm.set(term, [resource]);
      else rivals.push(resource);
    }
  }
  const groups = new Map<Resource, Set<Resource>>();
  for (const rivals of byTerm.values()) {
    if (rivals.length < 2) continue;
    const joined = new Set(rivals);
    for (const rival of rivals) for (const member of groups.get(rival) ?? []) joined.add(member);
    for (const member of joined) groups.set(member, joined);
  }
  return new Map(
    [...groups].map(([resource, group]) => {
      const ordered = [...group].toSorted((a, b) => Number(a.createdRevision - b.createdRevision) || compareKeys(a, b));
      return [resource, ordered];
    }),
  );
}
