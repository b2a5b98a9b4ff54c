import { BlockList, isIP } from 'node:net';

/**
 * How rules treat an address. `forbidden`: link-local addresses, since clouds serve a machine's credentials there;
 * metadata services of clouds at other addresses; and addresses that no host has.
 */
export type AddressClass = 'forbidden' | 'loopback' | 'other';

const LOOPBACK = listOf([['127.0.0.0', 8]], [['::1', 128]]);

const FORBIDDEN = listOf(
  [
    // RFC 3927: metadata of AWS, Azure, Google and most others, and of their containers.
    ['169.254.0.0', 16],
    // Metadata of Alibaba, of Oracle's classic cloud, and Azure's host.
    ['100.100.100.200', 32],
    ['192.0.0.192', 32],
    ['168.63.129.16', 32],
    // "This host": Linux connects to loopback. Multicast and broadcast are no hosts.
    ['0.0.0.0', 8],
    ['224.0.0.0', 4],
    ['255.255.255.255', 32],
  ],
  [
    ['fe80::', 10],
    // Metadata of AWS, Google and Scaleway.
    ['fd00:ec2::', 32],
    ['fd20:ce::254', 128],
    ['fd00:42::42', 128],
    ['::', 128],
    ['ff00::', 8],
  ],
);

/** @param address IPv4 or IPv6, without brackets */
export function classOf(address: string): AddressClass {
  const bare = address.replace(/%.*$/s, '');
  const family = isIP(bare) === 6 ? 'ipv6' : 'ipv4';
  // This comes first: `::1` is also 0.0.0.1 written as IPv6.
  if (LOOPBACK.check(bare, family)) return 'loopback';
  return isIP(bare) === 0 || FORBIDDEN.check(bare, family) ? 'forbidden' : 'other';
}

type Network = readonly [address: string, prefix: number];

/** Also judges an IPv4 address inside an IPv6 one: a translator on the way may take it out again. */
function listOf(v4: readonly Network[], v6: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of v6) list.addSubnet(address, prefix, 'ipv6');
  for (const [address, prefix] of v4) {
    // The list knows ::ffff:a.b.c.d itself.
    list.addSubnet(address, prefix, 'ipv4');
    // RFC 6052 and RFC 8215 (NAT64), RFC 2765 (SIIT), and the old "compatible" form of RFC 4291.
    for (const before of ['64:ff9b::', '64:ff9b:1::', '::ffff:0:', '::']) {
      list.addSubnet(`${before}${address}`, 96 + prefix, 'ipv6');
    }
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
    // RFC 3056 (6to4).
    const hex = [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(':');
    list.addSubnet(`2002:${hex}::`, 16 + prefix, 'ipv6');
  }
  return list;
}
