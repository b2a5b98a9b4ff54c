import type { BearerTerms } from '../policy/authenticating.ts';
import type { AccessPolicy } from '../policy/policy.ts';
import { normalizePath } from '../request/path.ts';
import type { Bound, ResourceMetadata } from '../snapshot/snapshot.ts';
import { WELL_KNOWN } from '../snapshot/resource-index.ts';
import type { Faults } from './fault.ts';
import { normalizeBasePath } from './fields.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { qualifiedName } from './names.ts';

/**
 * The metadata for clients of an API that accepts OAuth access tokens (RFC 9728, 2), from its enforced policies.
 * @param access the access policies of the API
 * @returns undefined if none of them accepts tokens
 */
export function resourceMetadataOf(
  { publicUrl, displayName }: { readonly publicUrl: string; readonly displayName: string | undefined },
  access: readonly Bound<AccessPolicy>[],
): ResourceMetadata | undefined {
  const bearers = access.filter(({ mode }) => mode === 'enforce').flatMap(bearersOf);
  if (bearers.length === 0) return undefined;
  const { origin, host, pathname } = new URL(publicUrl);
  const path = normalizePath(pathname, { method: 'GET' });
  // RFC 9728, 3.1: between host and path, without the slash of an empty path.
  const below = pathname === '/' ? '' : pathname;
  const told = (name: string, values: readonly string[]) => (values.length === 0 ? {} : { [name]: values });
  const union = (of: (terms: BearerTerms) => readonly string[]) => [...new Set(bearers.flatMap(of))];
  return {
    url: `${origin}${WELL_KNOWN}${below}`,
    host,
    path: typeof path === 'string' ? '/' : normalizeBasePath(path.path),
    body: JSON.stringify({
      resource: publicUrl,
      ...told(
        'authorization_servers',
        union(({ issuers }) => issuers),
      ),
      ...told(
        'scopes_supported',
        union(({ scopes }) => scopes),
      ),
      bearer_methods_supported: union(({ methods }) => methods),
      ...(displayName === undefined ? {} : { resource_name: displayName }),
    }),
  };
}

function bearersOf({ policy, alternatives }: Bound<AccessPolicy>): readonly BearerTerms[] {
  const parts = alternatives?.flatMap(({ policies }) => policies.map((bound) => bound.policy)) ?? [policy];
  return parts.flatMap(({ authenticates }) => authenticates?.bearer ?? []);
}

/** A public URL must belong to one API: with two, clients would get the metadata of one of them. */
export function refuseSharedUrls(apis: readonly Loaded<'Api'>[], faults: Faults): void {
  const holders = new Map<string, Loaded<'Api'>>();
  for (const loaded of apis) {
    const { metadata, spec } = loaded.document;
    // It answers nothing, and who is excluded by it is withheld too.
    if (spec.publicUrl === undefined || loaded.withheld !== undefined) continue;
    const url = spec.publicUrl.replace(/\/$/, '');
    const first = holders.get(url);
    if (first === undefined) {
      holders.set(url, loaded);
      continue;
    }
    faults.addRival(first.place);
    const message = `the API ${qualifiedName(first.document.metadata)} has this public URL too: ${whereIs(first)}; ${qualifiedName(metadata)} needs its own`;
    addIssues(faults, loaded.place, [{ path: ['spec', 'publicUrl'], at: 'value', message }]);
  }
}
