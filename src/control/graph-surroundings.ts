import { isRecord } from '../document/load.ts';
import { DEFAULT_NAMESPACE, qualifiedName } from '../document/names.ts';
import type { GraphSurroundings } from '../operator/graph-surroundings.ts';
import type { Limit } from '../quota/limit.ts';
import { limitsOf, limitsOrUnlimited } from '../quota/limit-schema.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import { valueAt } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';
import type { Rights } from './rights.ts';

const KINDS = { api: 'Api', client: 'ClientApplication' } as const;

/** What the documents say of contracts and teams, as far as somebody may know of them. */
export function graphSurroundings(
  rights: Rights,
  index: ResourceIndex,
  { resources: registry }: { readonly resources: Pick<Registry, 'resources'> },
): GraphSurroundings {
  const teamOf = (kind: 'api' | 'client', name: string): string | undefined => {
    const key = keyNamed(KINDS[kind], name);
    const entry = index.get(keyText(key));
    if (entry === undefined || !rights.sees({ ...key, facts: entry.facts })) return undefined;
    return rights.objectOf(key, entry.facts).team;
  };
  const namesOf = (kind: 'api' | 'client', team: string): readonly string[] =>
    index
      .ofKind(KINDS[kind])
      .filter((entry) => rights.objectOf(entry, entry.facts).team === team && rights.sees(entry))
      .map((key) => qualifiedName(key));
  return {
    teams: { of: teamOf, names: (team) => ({ apis: namesOf('api', team), clients: namesOf('client', team) }) },
    async limitsOf(contracts) {
      const names = new Set(contracts.map(({ api }) => api));
      const keys = [...names].map((name) => keyNamed('Api', name));
      const seen = keys.filter((key) => {
        const entry = index.get(keyText(key));
        return entry !== undefined && rights.sees({ ...key, facts: entry.facts });
      });
      const documents = new Map(
        (await registry.resources(seen)).map(({ document, ...key }) => [qualifiedName(key), document]),
      );
      return contracts.map(({ api, tier }) => limitsOfTier(documents.get(api), tier));
    },
  };
}

function keyNamed(kind: string, qualified: string): ResourceKey {
  const slash = qualified.indexOf('/');
  if (slash < 0) return { kind, namespace: DEFAULT_NAMESPACE, name: qualified };
  return { kind, namespace: qualified.slice(0, slash), name: qualified.slice(slash + 1) };
}

/** Of a tier as it is written now; none: there is no such tier, or it is unlimited. */
function limitsOfTier(api: unknown, name: string): readonly Limit[] {
  const tiers = valueAt(api, ['spec', 'tiers']);
  if (!Array.isArray(tiers)) return [];
  const tier: unknown = tiers.find((each) => isRecord(each) && each['name'] === name);
  const read = limitsOrUnlimited.safeParse(valueAt(tier, ['limits']));
  return read.success ? limitsOf(read.data) : [];
}
