import { expect, test } from 'vitest';
import { peerAddressOf } from '../../src/grpc/peer-address.ts';

test('the address of a peer is told without port and zone, of a socket or of what has one', () => {
  expect(peerAddressOf({ remoteAddress: '203.0.113.7' })).toBe('203.0.113.7');
  expect(peerAddressOf({ remoteAddress: '::ffff:203.0.113.7' })).toBe('203.0.113.7');
  expect(peerAddressOf({ socket: { remoteAddress: 'fe80::1%eth0' } })).toBe('fe80::1');
  for (const none of [undefined, null, {}, { remoteAddress: undefined }, { socket: null }]) {
    expect(peerAddressOf(none)).toBe('');
  }
});
