import { isIP } from 'node:net';
import type { Check } from './check.ts';

/**
 * The connection's peer, or the Nth entry of `x-forwarded-for` from the right: each of N trusted proxies
 * has appended one. With fewer entries the request did not come through all of them: its peer counts.
 */
export function clientAddress(check: Check, trustedHops: number): string {
  if (trustedHops === 0) return check.sourceAddress;
  const hops = check.header('x-forwarded-for')?.split(',') ?? [];
  const entry = hops.at(-trustedHops)?.trim();
  if (hops.length < trustedHops || entry === undefined) return check.sourceAddress;
  const address = withoutPort(entry);
  return isIP(address) === 0 ? check.sourceAddress : address;
}

function withoutPort(entry: string): string {
  if (entry.startsWith('[')) return entry.slice(1, entry.indexOf(']'));
  const colon = entry.indexOf(':');
  return colon >= 0 && entry.indexOf(':', colon + 1) < 0 ? entry.slice(0, colon) : entry;
}
