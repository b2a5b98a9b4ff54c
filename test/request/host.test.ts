import { describe, expect, it } from 'vitest';
import { documentHost, EXACT_HOSTS, hostOf, nameOfHost } from '../../src/request/host.ts';

const IGNORING = { port: 'ignore', finalDot: 'ignore' } as const;

describe('a host', () => {
  it.each([
    ['API.Example.com', 'api.example.com', 'api.example.com'],
    ['api.example.com:8443', 'api.example.com:8443', 'api.example.com'],
    ['api.example.com.', 'api.example.com.', 'api.example.com'],
    ['api.example.com.:80', 'api.example.com.:80', 'api.example.com'],
    ['api:0', 'api:0', 'api'],
    ['api:65535', 'api:65535', 'api'],
    ['api:080', 'api:080', 'api'],
    ['10.0.0.1:80', '10.0.0.1:80', '10.0.0.1'],
    ['[::1]:80', '[::1]:80', '[::1]'],
    ['[2001:DB8::1]', '[2001:db8::1]', '[2001:db8::1]'],
    ['my_service', 'my_service', 'my_service'],
    ['', '', ''],
  ])('%s is compared as %s, and as %s where port and dot are ignored', (authority, exact, ignored) => {
    expect(hostOf(authority, EXACT_HOSTS)).toBe(exact);
    expect(hostOf(authority, IGNORING)).toBe(ignored);
    expect(documentHost(authority, EXACT_HOSTS)).toBe(exact);
    expect(nameOfHost(authority)).toBe(ignored);
  });

  it('is compared by one of the two where the other alone is ignored', () => {
    expect(hostOf('a.b.:80', { port: 'ignore', finalDot: 'exact' })).toBe('a.b.');
    expect(hostOf('a.b.:80', { port: 'exact', finalDot: 'ignore' })).toBe('a.b:80');
  });

  it('of a document may be a wildcard with a port', () => {
    expect(documentHost('*.Example.com:8080', EXACT_HOSTS)).toBe('*.example.com:8080');
    expect(documentHost('*.Example.com.', IGNORING)).toBe('*.example.com');
  });

  it.each([
    '.',
    ':80',
    'api:',
    'api..',
    'api..com',
    '.api',
    'api.:',
    'api:80:80',
    'api:65536',
    'api:4294967296',
    'api:000080',
    'api:-1',
    'api:+80',
    'api: 80',
    'api:80.',
    '[::1].',
    '[::1]:',
    '[::1]:80:80',
    '[]',
    'kiosk.example.com:80.a.example.com',
    'kiosk.example.com:x.example.com',
    'kiosk.example.com:@a.example.com',
    'user@host',
    'a,b',
    'a b',
    'a/b',
    'a%2eb',
    '*.example.com',
    '::1',
    '[::1',
    '[::1]x',
    '\u212Aiosk.example.com',
    'é.example.com',
    'a\u0000',
    'a\n',
    `${'a.'.repeat(8000)}b`,
    'a'.repeat(256),
    `${'a'.repeat(256)}:80`,
  ])('%j is refused', (authority) => {
    for (const matching of [EXACT_HOSTS, IGNORING]) expect(hostOf(authority, matching)).toBeUndefined();
  });
});
