import { parseIpAddress } from '../request/ip-address.ts';

/** How much of a client's address events contain. */
export const CLIENT_ADDRESS_DETAILS = ['truncated', 'full', 'none'] as const;
export type ClientAddressDetail = (typeof CLIENT_ADDRESS_DETAILS)[number];

/**
 * Returns a client's address for events. Truncated, it is the first address of its network: 24 bits for IPv4, also if
 * mapped into IPv6, and 48 bits for IPv6. Empty if the text is not an address.
 */
export function clientAddressOf(text: string, detail: ClientAddressDetail): string {
  const address = detail === 'none' ? undefined : parseIpAddress(text);
  if (address === undefined) return '';
  if (typeof address === 'number') return ipv4(detail === 'full' ? address : address & 0xffffff00);
  if (detail === 'full') return text;
  const [first, second] = address as unknown as readonly [number, number];
  const network = [first >>> 16, first & 0xffff, second >>> 16];
  while (network.at(-1) === 0) network.pop();
  return `${network.map((group) => group.toString(16)).join(':')}::`;
}

function ipv4(address: number): string {
  return [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff].join('.');
}
