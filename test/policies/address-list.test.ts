import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFile, listOfEntries, parseEntry } from '../../src/policies/address-list.ts';
import type { AddressList } from '../../src/policies/address-list.ts';
import { parseIpAddress } from '../../src/request/ip-address.ts';

const neverYield = () => undefined;

async function fileOf(text: string | Uint8Array) {
  return addressFile.parse(Buffer.from(text), neverYield);
}

function isOn({ ranges }: AddressList, text: string): boolean {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return ranges.has(address);
}

// Few bits differ, so that networks hold each other, touch and overlap, and addresses hit their edges.
const octet = fc.constantFrom(0, 1, 2, 127, 128, 254, 255);
const ipv4 = fc.oneof(
  fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.')),
  fc.ipV4(),
);
const group = fc.constantFrom('0', '1', '7fff', '8000', 'fffe', 'ffff');
const ipv6 = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
  fc.ipV6(),
);
const network = fc.oneof(
  fc.tuple(ipv4, fc.nat(32)).map(([address, bits]) => `${address}/${bits}`),
  fc.tuple(ipv6, fc.nat(128)).map(([address, bits]) => `${address}/${bits}`),
  ipv4,
  ipv6,
);

/** Node's own, told family by family. Undefined where an entry is IPv4 in IPv6, of which it thinks otherwise. */
function nodesList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

const isMapped = (text: string): boolean =>
  text.includes(':') && typeof parseIpAddress(text.split('/')[0] ?? '') === 'number';

describe('a list of addresses', () => {
  it('holds what Node holds of the same networks', () => {
    fc.assert(
      fc.property(
        fc.array(
          network.filter((each) => !isMapped(each)),
          { maxLength: 40 },
        ),
        fc.array(
          fc.oneof(
            ipv4,
            ipv6.filter((each) => !isMapped(each)),
          ),
          { minLength: 20, maxLength: 40 },
        ),
        (entries, addresses) => {
          const [ours, nodes] = [listOfEntries(entries), nodesList(entries)];
          for (const address of [...addresses, ...entries.map((entry) => entry.split('/')[0] ?? '')]) {
            // Node takes `::/95` for a network that holds IPv4 too.
            const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
            const ofFamily = nodesList(entries.filter((entry) => entry.includes(':') === (family === 'ipv6')));
            expect(isOn(ours, address), `${address} on ${entries.join(' ')}`).toBe(ofFamily.check(address, family));
            if (isOn(ours, address)) expect(nodes.check(address, family)).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('holds 100,000 entries, and of their neighbours none', async () => {
    // Every second address and every second network, so that nothing merges.
    const ipv4s = Array.from({ length: 50_000 }, (_, i) => `10.${i >> 15}.${(i >> 7) & 255}.${(i & 127) * 2}`);
    const ipv6s = Array.from({ length: 50_000 }, (_, i) => {
      return `2001:${(i >> 15).toString(16)}:${((i * 2) & 0xffff).toString(16)}::/48`;
    });
    const text = [...ipv4s, ...ipv6s].toReversed().join('\n');
    const parsed = await fileOf(text);
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems.slice(0, 3)));
    const { content } = parsed;
    expect(content.ranges.size).toBe(100_000);
    for (const [i, address] of ipv4s.entries()) {
      const next = `10.${i >> 15}.${(i >> 7) & 255}.${(i & 127) * 2 + 1}`;
      if (!isOn(content, address) || isOn(content, next)) throw new Error(address);
    }
    for (const entry of ipv6s) {
      const next = entry.replace(/[0-9a-f]::/, (last) => `${(Number.parseInt(last, 16) + 1).toString(16)}::`);
      if (!isOn(content, entry.replace('/48', '1')) || isOn(content, next.replace('/48', ''))) throw new Error(entry);
    }
  });

  it.each([
    ['192.168.1.1', ['192.168.1.1', '::ffff:192.168.1.1'], ['192.168.1.0', '192.168.1.2', '::192.168.1.1']],
    ['192.168.3.1/30', ['192.168.3.0', '192.168.3.3'], ['192.168.3.4', '192.168.2.255']],
    ['192.168.2', ['192.168.2.0', '192.168.2.255'], ['192.168.1.255', '192.168.3.0', '192.168.20.1']],
    ['192.168.', ['192.168.0.0', '192.168.255.255'], ['192.167.255.255', '192.169.0.0']],
    ['10.', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '100.0.0.1']],
    ['::ffff:10.0.0.0/104', ['10.0.0.0', '10.255.255.255', '::ffff:a01:203'], ['11.0.0.0', '::10.0.0.1']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::1', '::']],
    ['::/0', ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], ['1.2.3.4', '::ffff:1.2.3.4']],
    ['2001:db8::/33', ['2001:db8:7fff:ffff::'], ['2001:db8:8000::', '2001:db7::']],
  ])('%s holds what it says', (entry, on, off) => {
    const list = listOfEntries([entry]);
    expect(on.filter((address) => !isOn(list, address))).toEqual([]);
    expect(off.filter((address) => isOn(list, address))).toEqual([]);
  });

  it.each([
    ['192', 'is a single number: for every address that begins with it write 192. or 192.0.0.0/8'],
    ['192.0.2.7/33', 'has a prefix that is not a number from 0 to 32'],
    ['192.0.2.7/08', 'has a prefix that is not a number from 0 to 32'],
    ['192.0.2.7/', 'has a prefix that is not a number from 0 to 32'],
    ['2001:db8::/129', 'has a prefix that is not a number from 0 to 128'],
    ['192.0.2.7-192.0.2.9', 'is a range of two addresses: write the networks it consists of'],
    ['192.0.2.7:80', 'has brackets or a port: write the address alone'],
    ['[::1]', 'has brackets or a port: write the address alone'],
    ['fe80::1%eth0', 'has a scope id'],
    ['010.0.0.1', 'has an octet with a leading zero'],
    ['192.0.256', 'is neither an address nor a network'],
    ['192.0.2./24', 'is neither an address nor a network'],
    ['192..', 'is neither an address nor a network'],
    ['example.com', 'is neither an address nor a network'],
    ['::ffff:0:0/95', 'is more than the IPv4 addresses in IPv6'],
    ['', 'is neither an address nor a network'],
    ['1.'.repeat(1_000_000), 'is too long for an address'],
  ])('refuses %j and says why', (entry, message) => {
    expect(parseEntry(entry)).toEqual(expect.stringContaining(message));
  });

  it('is read from files: comments, empty lines and any line ends', async () => {
    const parsed = await fileOf('\ufeff# office\r\n192.0.2.7 # Ann\r\n\r\n  198.51.100.0/24;SBL1\n2001:db8::/32');
    const { content } = parsed as { content: AddressList };
    expect(['192.0.2.7', '198.51.100.9', '2001:db8::1'].every((address) => isOn(content, address))).toBe(true);
    expect(content.ranges.size).toBe(3);
  });

  it('tells every faulty line of a file by its number, and never the line itself', async () => {
    expect(await fileOf('192.0.2.7\nsecret-token\n\n192.0.2.7-9\n')).toEqual({
      problems: [
        { line: 2, message: expect.stringContaining('is neither an address nor a network') },
        { line: 4, message: expect.any(String) },
      ],
    });
    expect(JSON.stringify(await fileOf('secret-token'))).not.toContain('secret-token');
    expect(await fileOf(Uint8Array.of(0x31, 0xff))).toEqual({ problems: [{ line: 0, message: expect.any(String) }] });
  });

  it('gives way while a long file is read', async () => {
    let turns = 0;
    const giveWay = () => void (turns += 1);
    await addressFile.parse(Buffer.from('10.0.0.1\n'.repeat(20_000)), giveWay);
    expect(turns).toBeGreaterThan(1000);
  });
});
