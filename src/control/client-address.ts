import { isIP } from 'node:net';
import { peerAddressOf } from '../grpc/peer-address.ts';
import type { AddressOf } from '../grpc/peer-address.ts';
import { networksOf } from '../request/client-address.ts';

/** More than any chain of proxies that is one. */
const MOST_HOPS = 32;

/**
 * Who has called, where proxies stand in front. Each proxy adds whom it was called by at the end of `X-Forwarded-For`: read
 * from there, the first address that is no trusted proxy is the client, and what stands before it anybody may have written.
 * @param proxies networks of proxies that are trusted; none: the peer is the client
 */
export function clientAddressBy(proxies: readonly string[]): AddressOf {
  const trusted = networksOf(proxies);
  if (trusted === undefined) return (connection) => peerAddressOf(connection);
  const isTrusted = (address: string): boolean => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (connection, forwardedFor) => {
    let address = peerAddressOf(connection);
    const hops = [forwardedFor ?? []].flat().join().split(',').slice(-MOST_HOPS);
    for (const hop of hops.toReversed()) {
      if (isIP(address) === 0 || !isTrusted(address)) break;
      const before = addressIn(hop);
      // Nobody knows who has called that proxy.
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

/** Some proxies write a port too. */
function addressIn(hop: string): string | undefined {
  const text = hop.trim();
  const [, v6, v4] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+)(?::\d+)?$/.exec(text) ?? [];
  const address = peerAddressOf({ remoteAddress: v6 ?? v4 ?? text });
  return isIP(address) === 0 ? undefined : address;
}
