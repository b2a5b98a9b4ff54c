import type { Policy } from '../policy/policy.ts';
import type { Api, Bound } from '../snapshot/snapshot.ts';
import { whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { authenticates } from './unauthenticated.ts';
import type { Warnings } from './warnings.ts';

type MadeApi = readonly [loaded: Loaded<'Api'>, api: Api];

/**
 * Tells APIs that take requests from the path of another API without its policies: these do not apply there, whatever the
 * paths suggest. It is silent where the document says `public`, and below `/`, of which every API is a part.
 */
export function tellNestedApis(apis: Iterable<MadeApi>, warnings: Warnings): void {
  const byPlace = new Map<string, MadeApi>();
  for (const made of apis) for (const host of hostsOf(made[1])) byPlace.set(`${host} ${made[1].basePath}`, made);
  for (const [loaded, api] of apis) {
    if (api.withheld !== undefined || api.publicRequests !== undefined) continue;
    const around = aroundOf(api, byPlace);
    const missing = around === undefined ? [] : missingKinds(around[1], api);
    if (around === undefined || missing.length === 0) continue;
    const message =
      `is below ${around[1].basePath} of the API ${around[1].name} (${whereIs(around[0])}), whose policies do not apply to it: ` +
      `${missing.join(', ')}. Bind them here too, or say public if this is meant`;
    warnings.add(loaded.place, [{ path: ['spec', 'basePath'], at: 'value', message }]);
  }
}

/** The API that would have the requests if this one were not there. */
function aroundOf({ basePath, hosts, name }: Api, byPlace: ReadonlyMap<string, MadeApi>): MadeApi | undefined {
  for (const host of hosts.length === 0 ? ['*'] : hosts) {
    for (let end = basePath.lastIndexOf('/'); end > 0; end = basePath.lastIndexOf('/', end - 1)) {
      const path = basePath.slice(0, end);
      for (const pattern of patternsOf(host)) {
        const found = byPlace.get(`${pattern} ${path}`);
        if (found !== undefined && found[1].name !== name && found[1].withheld === undefined) return found;
      }
    }
  }
  return undefined;
}

function hostsOf({ hosts }: Api): readonly string[] {
  return hosts.length === 0 ? ['*'] : hosts;
}

/** The host, the patterns that it is one of, and any host. */
function patternsOf(host: string): readonly string[] {
  const found = [host];
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) found.push(`*${host.slice(dot)}`);
  return host === '*' ? found : [...found, '*'];
}

/** Of the policies around it, those of a kind that it has none of; another way to authenticate will do. */
function missingKinds(around: Api, api: Api): readonly string[] {
  const own = enforced(api);
  const kinds = new Set(own.map(({ kind }) => kind));
  const isAuthenticated = own.some(authenticates);
  const missing = enforced(around).filter(
    (bound) => !kinds.has(bound.kind) && !(isAuthenticated && authenticates(bound)),
  );
  return [...new Set(missing.map(({ kind }) => kind))];
}

function enforced({ access, quota }: Api): readonly Bound<Policy>[] {
  return [...access, ...quota].filter(({ mode }) => mode === 'enforce');
}
