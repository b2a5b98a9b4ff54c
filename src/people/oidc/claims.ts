import { groupsOf, OF_PROVIDER } from '../people.ts';
import type { ProvenPerson } from '../people.ts';
import { ProviderFault } from './fault.ts';

/** Which claims say who somebody is, and in which groups. */
export interface ClaimNames {
  /** `--oidc-user-claim`. */
  readonly user: string;
  /** `--oidc-groups-claim`; undefined: groups are not asked for. */
  readonly groups: string | undefined;
}

export type Claims = Readonly<Record<string, unknown>>;

/**
 * Who a provider says somebody is.
 * @throws ProviderFault `refused`: it does not say it so that it can be relied on
 */
export function personOf(claims: Claims, issuer: string, names: ClaimNames): ProvenPerson {
  const { sub: subject } = claims;
  if (typeof subject !== 'string' || subject === '')
    throw new ProviderFault('refused', 'the provider names no subject');
  const groups = names.groups === undefined ? undefined : valueOf(claims, names.groups);
  return {
    name: `${OF_PROVIDER}${nameOf(claims, names.user)}`,
    issuer,
    subject,
    groups: groups === undefined ? undefined : groupsOf(groups),
  };
}

/** Whether the claims have all that is asked for: else the provider is asked for more. */
export function isComplete(claims: Claims, { groups, user }: ClaimNames): boolean {
  const isVerified = user !== 'email' || claims['email_verified'] !== undefined;
  return (
    valueOf(claims, user) !== undefined && isVerified && (groups === undefined || valueOf(claims, groups) !== undefined)
  );
}

function nameOf(claims: Claims, claim: string): string {
  const value = valueOf(claims, claim);
  if (typeof value !== 'string')
    throw new ProviderFault('refused', `the provider tells no claim "${claim}", which says who you are`);
  // A colon is for names of other sorts, such as local:bob.
  if (!/^[^\s\p{C}:]{1,254}$/u.test(value)) {
    throw new ProviderFault(
      'refused',
      `the claim "${claim}" is empty, too long, or has a space, a colon or a sign that is not seen`,
    );
  }
  if (claim !== 'email') return value;
  // Anybody may write any address that nobody has verified.
  if (claims['email_verified'] !== true) {
    throw new ProviderFault('refused', 'the provider does not say that your address is verified (email_verified)');
  }
  return value.toLowerCase();
}

/** @param path a name, or names with dots between them, such as `realm_access.roles` */
function valueOf(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}
