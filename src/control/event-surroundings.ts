import { teamOf } from '../access/ownership.ts';
import type { Surroundings } from '../notify/surroundings.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { CurrentIndex } from './current-index.ts';
import { FIELDS, keyFrom, valueAt } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';
import { teamsIn } from './teams-in.ts';

/** Reads what events of these resources tell of others. @throws DatabaseFault (rejects with it) */
export async function surroundingsOf(
  keys: readonly ResourceKey[],
  registry: Pick<Registry, 'resources'>,
  current: CurrentIndex,
): Promise<Surroundings> {
  const { index, history } = await current.current();
  const wanted = [...new Set(keys.map(keyText))].map(keyFrom);
  const found = wanted.length === 0 ? [] : await registry.resources(wanted);
  const documents = new Map(found.map(({ document, ...key }) => [keyText(key), document]));
  const ofKey: Surroundings['teamOf'] = (key, document) =>
    teamOfKey(key, document ?? documents.get(keyText(key)), index);
  return {
    history,
    document: (key) => documents.get(keyText(key)),
    teamOf: ofKey,
    callersOf: (api) => {
      const teams = new Set<string>();
      for (const { kind, facts } of index.referring(keyText(api))) {
        if (kind !== 'Contract') continue;
        const application = facts.refers.find((text) => text.startsWith('ClientApplication '));
        if (application !== undefined) teams.add(teamOfKey(keyFrom(application), undefined, index));
      }
      return [...teams];
    },
  };
}

/** @param document of a resource that may not be there any more */
function teamOfKey(key: ResourceKey, document: unknown, index: ResourceIndex): string {
  const entry = index.get(keyText(key));
  const written = valueAt(document, ['metadata', 'owner']) ?? entry?.facts.fields[ownerAt(key.kind)];
  const owner = typeof written === 'string' && written !== '' ? written : undefined;
  return teamOf({ ...key, owner }, teamsIn(index));
}

function ownerAt(kind: string): number {
  return FIELDS[kind]?.indexOf('metadata.owner') ?? -1;
}
