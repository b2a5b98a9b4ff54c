import { describe, expect, it } from 'vitest';
import { hostOf } from '../../src/request/host.ts';

describe('a host', () => {
  it.each([
    ['API.Example.com', 'api.example.com'],
    ['api.example.com:8443', 'api.example.com'],
    ['api.example.com.', 'api.example.com'],
    ['api.example.com.:80', 'api.example.com'],
    ['api:', 'api'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[::1]:80', '[::1]'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['my_service', 'my_service'],
    ['', ''],
  ])('%s is matched as %s', (authority, expected) => {
    expect(hostOf(authority)).toBe(expected);
  });

  it.each([
    'kiosk.example.com:80.a.example.com',
    'kiosk.example.com:x.example.com',
    'kiosk.example.com:@a.example.com',
    'user@host',
    'a,b',
    'a b',
    'a/b',
    '*.example.com',
    '::1',
    '[::1',
    '[::1]x',
    '\u212Aiosk.example.com',
    'é.example.com',
    'a\u0000',
    `${'a.'.repeat(8000)}b`,
    'a'.repeat(256),
  ])('%s is refused', (authority) => {
    expect(hostOf(authority)).toBeUndefined();
  });
});
