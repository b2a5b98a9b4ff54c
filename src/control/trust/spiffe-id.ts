/** The name of a workload (SPIFFE-ID, 2). */
export interface SpiffeId {
  readonly trustDomain: string;
  /** At least one. */
  readonly segments: readonly string[];
}

const LONGEST = 2048;
const ID = /^spiffe:\/\/(?<domain>[a-z0-9._-]{1,255})(?<path>(?:\/[A-Za-z0-9._-]+)+)$/;

/** @returns undefined for what is none: no other spelling means the same */
export function spiffeIdOf(uri: string): SpiffeId | undefined {
  const groups = uri.length > LONGEST ? undefined : ID.exec(uri)?.groups;
  if (groups === undefined) return undefined;
  const segments = (groups['path'] ?? '').slice(1).split('/');
  if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
  return { trustDomain: groups['domain'] ?? '', segments };
}
