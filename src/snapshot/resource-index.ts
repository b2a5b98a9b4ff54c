import { nameOfHost } from '../request/host.ts';
import type { Api, Snapshot } from './snapshot.ts';

/** RFC 9728, 3. */
export const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * Finds an API by the public URL that its metadata is about: by its host with its port first, then by its name alone,
 * since a proxy may have another port than callers see.
 * @param apis of two with one name of a host, the first is found by it
 * @returns undefined where none of them has metadata
 */
export function createResourceIndex(apis: readonly Api[]): Snapshot['apiOfPublicUrl'] {
  const byHost = new Map<string, Api>();
  const byName = new Map<string, Api>();
  for (const api of apis) {
    if (api.metadata === undefined) continue;
    const { host, path } = api.metadata;
    byHost.set(`${host} ${path}`, api);
    const name = `${nameOfHost(host)} ${path}`;
    if (!byName.has(name)) byName.set(name, api);
  }
  if (byHost.size === 0) return undefined;
  return (host, path) => byHost.get(`${host.toLowerCase()} ${path}`) ?? byName.get(`${nameOfHost(host)} ${path}`);
}
