import { BlockList, isIP } from 'node:net';
import type { Check } from './check.ts';

/** Determines the client of a request. */
export interface ClientAddressOptions {
  /** How many trusted proxies are before Envoy; 0: the connection's peer is the client. */
  readonly trustedHops: number;
  /** Whether Envoy appends its peer to `x-forwarded-for` (`use_remote_address: true`); `auto`, the default: where its last entry is the peer. */
  readonly xffAppended?: 'auto' | 'yes' | 'no';
  /** Addresses of this machine: for a peer on loopback, Envoy appends its machine's address in place of 127.0.0.1. */
  readonly localAddresses?: ReadonlySet<string>;
  /** The addresses of those proxies; undefined: any peer may be one of them. */
  readonly trustedProxies?: BlockList | undefined;
}

/**
 * The client's address. Each of N trusted proxies appends its peer to `x-forwarded-for`, so the client is the Nth entry
 * from the right of what Envoy received. An Envoy with `use_remote_address: true` appends its own peer, the last of
 * those proxies, before it sends the Check: that entry is not one of the N.
 *
 * The peer itself is the client if there are fewer entries, since the request did not come through all of the proxies;
 * if the entry is not an address; and if the peer, or a proxy on the way, is not in `trustedProxies`.
 */
export function clientAddress(check: Check, options: ClientAddressOptions): string {
  const { trustedHops, trustedProxies, xffAppended = 'auto' } = options;
  const peer = check.sourceAddress;
  if (trustedHops === 0) return peer;
  const hops = (check.header('x-forwarded-for')?.split(',') ?? []).map(addressOf);
  if (xffAppended !== 'no') {
    if (isAppended(hops.at(-1), addressOf(peer), options)) hops.pop();
    else if (xffAppended === 'yes') return peer;
  }
  const client = hops.at(-trustedHops);
  if (client === undefined || hops.length < trustedHops) return peer;
  if (trustedProxies !== undefined) {
    const proxies = [peer, ...hops.slice(hops.length - trustedHops + 1)];
    if (!proxies.every((proxy) => isAmong(trustedProxies, proxy))) return peer;
  }
  return client;
}

/**
 * Whether Envoy has appended the last entry. For a peer on loopback it appends its machine's address, which may be any.
 */
function isAppended(
  last: string | undefined,
  peer: string | undefined,
  { xffAppended, localAddresses }: ClientAddressOptions,
): boolean {
  if (last === undefined || peer === undefined) return false;
  if (last === peer) return true;
  const isLoopback = peer === '::1' || peer.startsWith('127.');
  return isLoopback && (xffAppended === 'yes' || localAddresses?.has(last) === true);
}

/** Without port and brackets; IPv4 in IPv6 as IPv4. */
function addressOf(entry: string): string | undefined {
  const address = withoutPort(entry.trim());
  return isIP(address) === 0 ? undefined : address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
}

function withoutPort(entry: string): string {
  if (entry.startsWith('[')) return entry.slice(1, entry.indexOf(']'));
  const colon = entry.indexOf(':');
  return colon >= 0 && entry.indexOf(':', colon + 1) < 0 ? entry.slice(0, colon) : entry;
}

function isAmong(list: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false;
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Networks that {@link isNetwork} has taken. Undefined: there are none. */
export function networksOf(texts: readonly string[]): BlockList | undefined {
  if (texts.length === 0) return undefined;
  const list = new BlockList();
  for (const text of texts) {
    const { address, prefix, family } = networkOf(text);
    list.addSubnet(address, prefix, family);
  }
  return list;
}

/** Whether a text is a network such as `10.0.0.0/8`, or a single address. */
export function isNetwork(text: string): boolean {
  const { address, prefix, family } = networkOf(text);
  return isIP(address) !== 0 && prefix <= (family === 'ipv6' ? 128 : 32);
}

function networkOf(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return { address, prefix: Number(bits ?? (family === 'ipv6' ? 128 : 32)), family };
}
