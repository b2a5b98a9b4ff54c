import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttributeContext_PeerSchema } from '../../gen/envoy/service/auth/v3/attribute_context_pb.js';
import { RecurringAddresses } from '../../src/envoy/recurring-address.ts';

function peer(address: string, portValue: number, certificate = ''): Uint8Array {
  const socketAddress = { address, portSpecifier: { case: 'portValue' as const, value: portValue } };
  const message = { address: { address: { case: 'socketAddress' as const, value: socketAddress } }, certificate };
  return toBinary(AttributeContext_PeerSchema, create(AttributeContext_PeerSchema, message));
}

const read = (addresses: RecurringAddresses, bytes: Uint8Array): string => addresses.of(bytes, 0, bytes.length);

test('a peer is told by address and port, whatever was read before', () => {
  const some = fc.record({
    address: fc.constantFrom('10.1.2.3', '10.1.2.4', 'fd00::1', '2001:db8::ffff:1'),
    port: fc.nat({ max: 65_535 }),
    certificate: fc.constantFrom('', 'x'.repeat(700)),
  });
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 200 }), (all) => {
      const addresses = new RecurringAddresses();
      for (const { address, port, certificate } of [...all, ...all]) {
        const host = address.includes(':') ? `[${address}]` : address;
        expect(read(addresses, peer(address, port, certificate))).toBe(`${host}:${port}`);
      }
    }),
  );
});

test('what is no address is empty, and is not taken for another one', () => {
  const addresses = new RecurringAddresses();
  const good = peer('10.1.2.3', 8080);
  expect(read(addresses, good)).toBe('10.1.2.3:8080');
  expect(read(addresses, new Uint8Array())).toBe('');
  expect(
    read(addresses, toBinary(AttributeContext_PeerSchema, create(AttributeContext_PeerSchema, { principal: 'x' }))),
  ).toBe('');
  for (let end = 1; end < good.length; end++) expect(addresses.of(good, 0, end)).not.toBe('10.1.2.3:8080');
  expect(read(addresses, good)).toBe('10.1.2.3:8080');
});

test('the bytes may change after they were read', () => {
  const addresses = new RecurringAddresses();
  const bytes = peer('10.1.2.3', 8080);
  expect(read(addresses, bytes)).toBe('10.1.2.3:8080');
  bytes.set(peer('10.1.2.9', 8080));
  expect(read(addresses, bytes)).toBe('10.1.2.9:8080');
  expect(read(addresses, peer('10.1.2.3', 8080))).toBe('10.1.2.3:8080');
});
