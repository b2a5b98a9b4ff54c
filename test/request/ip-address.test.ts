import { BlockList, isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpAddress } from '../../src/request/ip-address.ts';

const octet = fc.oneof(
  fc.nat(255).map(String),
  fc.constantFrom('256', '00', '01', '', ' 1', '1e1', '+1', '-1', '0x1', '١', '99999999999'),
);
const group = fc.oneof(
  fc.nat(0xffff).map((value) => value.toString(16)),
  fc.nat(0xffff).map((value) => value.toString(16).toUpperCase().padStart(4, '0')),
  fc.constantFrom('', '0', '00000', 'g', '12345', ' 1', 'ffff%1'),
);
const ipv4 = fc.array(octet, { minLength: 1, maxLength: 6 }).map((octets) => octets.join('.'));
const groups = fc.array(group, { maxLength: 9 });
const ipv6 = fc
  .tuple(groups, fc.constantFrom('', ':', '::', ':::'), groups, fc.option(ipv4, { nil: '' }))
  .map(([before, middle, after, last]) => before.join(':') + middle + [...after, ...(last ? [last] : [])].join(':'));
const text = fc.oneof(
  ipv4,
  ipv6,
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ maxLength: 50, unit: fc.constantFrom(...':.0123456789abcdefgF%[]/ '.split('')) }),
);

describe('an address as text', () => {
  it('is one exactly where Node says so, scope ids apart', () => {
    fc.assert(
      fc.property(text, (each) => {
        const isAddress = isIP(each) !== 0 && !each.includes('%');
        expect(parseIpAddress(each) !== undefined).toBe(isAddress);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is the same numbers as Node takes it for', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (each) => {
        const address = parseIpAddress(each);
        const written =
          typeof address === 'number'
            ? [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
            : [...(address ?? [])]
                .flatMap((word) => [(word >>> 16).toString(16), (word & 0xffff).toString(16)])
                .join(':');
        const family = isIP(each) === 6 ? 'ipv6' : 'ipv4';
        const list = new BlockList();
        list.addAddress(new SocketAddress({ address: each, family }));
        expect(list.check(written, isIP(written) === 6 ? 'ipv6' : 'ipv4')).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['0.0.0.0', 0],
    ['255.255.255.255', 0xffffffff],
    ['::ffff:192.0.2.7', 0xc0000207],
    ['::FFFF:c000:207', 0xc0000207],
    ['0:0:0:0:0:ffff:192.0.2.7', 0xc0000207],
  ])('%s is IPv4', (each, address) => {
    expect(parseIpAddress(each)).toBe(address);
  });

  it.each([
    '010.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '127.0.0.1:80',
    '[::1]',
    '::1%eth0',
    ' ::1',
    '127.0.0.1\n',
    '127.0.0.1, 10.0.0.1',
    '1:2:3:4:5:6:7::8:9',
    '1::2::3',
    ':1:2:3:4:5:6:7',
    '::ffff:1.2.3',
    '1.2.3.4::',
    '',
    ':',
    '1'.repeat(100_000),
  ])('%j is none', (each) => {
    expect(parseIpAddress(each)).toBeUndefined();
  });
});
