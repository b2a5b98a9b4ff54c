import { describe, expect, it } from 'vitest';
import { clientAddress, isNetwork, networksOf } from '../../src/request/client-address.ts';
import type { ClientAddressOptions } from '../../src/request/client-address.ts';
import { checkOf } from '../policy/fixtures.ts';

/** The connection's peer is 10.0.0.9. */
function addressOf(forwarded: string | undefined, options: Partial<ClientAddressOptions>): string {
  const check = checkOf({ headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } });
  return clientAddress(check, { trustedHops: 0, xffAppended: 'auto', ...options });
}

describe('the client address', () => {
  it.each([
    ['6.6.6.6, 1.1.1.1, 2.2.2.2', 0, '10.0.0.9'],
    ['6.6.6.6, 1.1.1.1, 2.2.2.2', 1, '2.2.2.2'],
    ['6.6.6.6, 1.1.1.1:55, 2.2.2.2', 2, '1.1.1.1'],
    ['6.6.6.6,[2001:DB8::1]:55', 1, '2001:db8::1'],
    ['::ffff:1.1.1.1', 1, '1.1.1.1'],
    ['2.2.2.2', 2, '10.0.0.9'],
    ['unknown', 1, '10.0.0.9'],
    [undefined, 1, '10.0.0.9'],
    ['', 1, '10.0.0.9'],
  ])('of x-forwarded-for %s behind %i hops is %s, where Envoy appends nothing', (forwarded, trustedHops, expected) => {
    for (const xffAppended of ['auto', 'no'] as const) {
      expect(addressOf(forwarded, { trustedHops, xffAppended })).toBe(expected);
    }
  });

  it.each([
    ['6.6.6.6,10.0.0.9', 0, '10.0.0.9'],
    ['6.6.6.6,1.1.1.1,10.0.0.9', 1, '1.1.1.1'],
    ['6.6.6.6,1.1.1.1,2.2.2.2,10.0.0.9', 2, '1.1.1.1'],
    ['10.0.0.9', 1, '10.0.0.9'],
    ['unknown,10.0.0.9', 1, '10.0.0.9'],
  ])('of x-forwarded-for %s behind %i hops is %s, where Envoy appends its peer', (forwarded, trustedHops, expected) => {
    for (const xffAppended of ['auto', 'yes'] as const) {
      expect(addressOf(forwarded, { trustedHops, xffAppended })).toBe(expected);
    }
  });

  it("is told past the address that an Envoy with a peer on loopback appends, its machine's own", () => {
    const check = checkOf({ sourceAddress: '127.0.0.1', headers: { 'x-forwarded-for': '6.6.6.6,1.1.1.1,10.9.9.9' } });
    const localAddresses = new Set(['127.0.0.1', '10.9.9.9']);
    const hop = { trustedHops: 1, localAddresses } as const;
    expect(clientAddress(check, hop)).toBe('1.1.1.1');
    expect(clientAddress(check, { trustedHops: 1, xffAppended: 'yes' })).toBe('1.1.1.1');
    expect(clientAddress(check, { ...hop, xffAppended: 'no' })).toBe('10.9.9.9');
    expect(clientAddress(check, { trustedHops: 1 })).toBe('10.9.9.9');
    const elsewhere = checkOf({ headers: { 'x-forwarded-for': '6.6.6.6,1.1.1.1,10.9.9.9' } });
    expect(clientAddress(elsewhere, hop)).toBe('10.9.9.9');
  });

  it('is the peer where Envoy is said to append it and has not, and an entry like any where it does not', () => {
    expect(addressOf('6.6.6.6,1.1.1.1', { trustedHops: 1, xffAppended: 'yes' })).toBe('10.0.0.9');
    expect(addressOf('6.6.6.6,10.0.0.9', { trustedHops: 1, xffAppended: 'no' })).toBe('10.0.0.9');
  });

  it('is the peer where it, or a proxy on the way, is none of the trusted', () => {
    const trusted = (networks: string[]) => ({ trustedHops: 2, trustedProxies: networksOf(networks) });
    const forwarded = '6.6.6.6,1.1.1.1,2.2.2.2,10.0.0.9';
    expect(addressOf(forwarded, trusted(['10.0.0.0/8', '2.2.2.2']))).toBe('1.1.1.1');
    expect(addressOf(forwarded, trusted(['10.0.0.0/8']))).toBe('10.0.0.9');
    expect(addressOf(forwarded, trusted(['2.2.2.2/32', '2001:db8::/32']))).toBe('10.0.0.9');
  });
});

it.each(['10.0.0.0/33', '10.0.0', 'a/8', '10.0.0.0/8/8', '10.0.0.0/', '::/129', ''])('%j is no network', (text) => {
  expect(isNetwork(text)).toBe(false);
});

it.each(['10.0.0.0/8', '10.0.0.1', '2001:db8::/32', '::1', '0.0.0.0/0'])('%j is a network', (text) => {
  expect(isNetwork(text)).toBe(true);
});
