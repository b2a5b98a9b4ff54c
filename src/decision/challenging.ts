import type { Denial } from '../denial/denial.ts';
import type { AccessPolicy } from '../policy/policy.ts';
import type { Deliberation } from './deliberation.ts';

/** A denial of a policy that accepts access tokens says where the metadata of the API is (RFC 9728, 5.1). */
export function challenging(
  denial: Denial,
  { authenticates }: Pick<AccessPolicy, 'authenticates'>,
  { located }: Pick<Deliberation, 'located'>,
): Denial {
  const metadata = located.api?.metadata;
  if (metadata === undefined || authenticates === undefined) return denial;
  const scopes = authenticates.bearer?.scopes;
  return { ...denial, challenging: { ...denial.challenging, resourceMetadata: metadata.url, scopes } };
}
