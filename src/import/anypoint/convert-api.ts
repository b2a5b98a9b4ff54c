import { basePath as basePathSchema, host as hostSchema } from '../../document/fields.ts';
import { API_VERSION } from '../../document/schema.ts';
import type { Fields } from '../remarks.ts';
import { API_ANNOTATION } from './existing.ts';
import type { Named } from './existing.ts';
import { byId, Names, slugOf } from './naming.ts';
import type { AnypointApi, AnypointTier } from './organization.ts';
import type { ConvertedPolicies } from './policies.ts';

/** Tiers as documents have them, and their names by their ids there. */
export interface ConvertedTiers {
  readonly tiers: readonly Fields[];
  readonly nameOf: ReadonlyMap<string, string>;
  readonly refusals: readonly string[];
}

export function convertTiers(list: readonly AnypointTier[], place: string): ConvertedTiers {
  const names = new Names([]);
  const nameOf = new Map<string, string>();
  const refusals: string[] = [];
  const tiers: Fields[] = [];
  for (const { id, name: given, limits, status, autoApprove } of [...list].toSorted(byId)) {
    const name = names.take(slugOf(given), `${slugOf(given)}-${id}`);
    nameOf.set(id, name);
    const own = (limits ?? []).map(({ maximumRequests, timePeriodInMilliseconds }) => {
      return { maximumRequests, timePeriodInMilliseconds };
    });
    if (own.length === 0) refusals.push(`${place}: tier ${JSON.stringify(given.slice(0, 100))} has no limits`);
    tiers.push({
      name,
      limits: own,
      ...(autoApprove === true && { autoApprove }),
      ...(status?.toUpperCase() === 'DEPRECATED' && { deprecated: true }),
    });
  }
  return { tiers, nameOf, refusals };
}

export interface ApiParts {
  readonly own: Named;
  readonly tiers: readonly Fields[];
  readonly policies: ConvertedPolicies['policies'];
  /** Given by whoever imports; undefined: what the instance says. */
  readonly hosts: readonly string[] | undefined;
}

/** The document of an API instance, or why there is none. */
export function convertApi(
  api: AnypointApi,
  parts: ApiParts,
): { readonly document: Fields } | { readonly why: string } {
  const { own, tiers, policies, hosts } = parts;
  const address = addressOf(api);
  if (address === undefined && hosts === undefined) {
    return { why: `has no consumer endpoint and no proxy, so no request would be its: say --host ${own.name}=HOST` };
  }
  const path = address?.basePath ?? '/';
  if (!basePathSchema.safeParse(path).success)
    return { why: `has a path that can not be one here: ${JSON.stringify(path.slice(0, 200))}` };
  const ofHosts = hosts ?? address?.hosts ?? [];
  const { productVersion, description, deprecated, tags } = api;
  const display = [api.name ?? api.assetId ?? '', api.instanceLabel ?? ''].filter((text) => text !== '').join(', ');
  const document = {
    apiVersion: API_VERSION,
    kind: 'Api',
    metadata: {
      name: own.name,
      ...(own.namespace !== 'default' && { namespace: own.namespace }),
      ...(display !== '' && display !== own.name && { displayName: display.slice(0, 253) }),
      ...(description !== undefined && description !== '' && { description: description.slice(0, 4096) }),
      annotations: {
        [API_ANNOTATION]: api.id,
        ...(tags && tags.length > 0 && { 'anypoint.mulesoft.com/tags': tags.join(', ').slice(0, 4096) }),
      },
      asset: slugOf(api.assetId ?? api.name ?? own.name),
      ...(productVersion !== undefined && isVersion(productVersion) && { version: productVersion }),
      lifecycle: deprecated === true ? 'deprecated' : 'published',
    },
    spec: {
      ...(ofHosts.length > 0 && { hosts: ofHosts }),
      basePath: path,
      ...(tiers.length > 0 && { tiers }),
      ...(policies.length > 0 && { policies }),
    },
  };
  return { document };
}

function isVersion(text: string): boolean {
  return text.length <= 64 && /^[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9])?$/.test(text);
}

/** Where callers reach it: the consumer endpoint, or else the path of the proxy, which listens on any host. */
function addressOf({
  endpointUri,
  endpoint,
}: AnypointApi): { readonly hosts: readonly string[]; readonly basePath: string } | undefined {
  for (const given of [endpointUri, endpoint?.proxyUri]) {
    const url = given === undefined ? null : URL.parse(given);
    if (url === null || !/^https?:$/.test(url.protocol)) continue;
    const basePath = decoded(url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') || '/' : '/');
    const isAny = /^(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]|\[::1\])$/.test(url.hostname);
    const isHost = !isAny && hostSchema.safeParse(url.host).success;
    return { hosts: isHost ? [url.host] : [], basePath };
  }
  return undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
