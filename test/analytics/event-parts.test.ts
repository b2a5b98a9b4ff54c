import { expect, it } from 'vitest';
import { clientAddressOf } from '../../src/analytics/client-network.ts';
import { Entry, Span } from '../../src/analytics/entry.ts';
import { flagNames } from '../../src/analytics/response-flags.ts';
import { traceIdOf } from '../../src/analytics/trace-id.ts';
import { userAgentFamily } from '../../src/analytics/user-agent.ts';

it("a client's address is cut to its network", () => {
  const truncated = (text: string) => clientAddressOf(text, 'truncated');
  expect(['198.51.100.255', '::ffff:198.51.100.7', '2001:db8:1:2:3::4'].map(truncated)).toEqual([
    '198.51.100.0',
    '198.51.100.0',
    '2001:db8:1::',
  ]);
  expect(['::1', 'fe80::1', '2001:db8::1', '', 'a name'].map(truncated)).toEqual([
    '::',
    'fe80::',
    '2001:db8::',
    '',
    '',
  ]);
  expect(clientAddressOf('2001:db8::1', 'full')).toBe('2001:db8::1');
  expect(clientAddressOf('::ffff:198.51.100.7', 'full')).toBe('198.51.100.7');
  expect(clientAddressOf('a name', 'full')).toBe('');
  expect(clientAddressOf('198.51.100.7', 'none')).toBe('');
});

it('a trace id is that of traceparent, else of B3 in one header, else in several', () => {
  const idOf = (headers: Partial<Record<'traceparent' | 'b3' | 'b3TraceId', string>>): string => {
    const text = Object.values(headers).join('');
    const entry = new Entry(Buffer.from(text));
    let at = 0;
    for (const [name, value] of Object.entries(headers)) {
      const span = Span[name as keyof typeof headers];
      entry.spans[span] = at;
      entry.spans[span + 1] = at += value.length;
    }
    return traceIdOf(entry);
  };
  const [w3c, b3] = ['4bf92f3577b34da6a3ce929d0e0e4736', '80F198EE56343BA864FE8B2A57D3EFF7'];
  const span = '00f067aa0ba902b7';
  expect(idOf({ traceparent: `00-${w3c}-${span}-01`, b3: `${b3}-${span}-1` })).toBe(w3c);
  expect(idOf({ traceparent: `cc-${w3c}-${span}-01-what-will-be` })).toBe(w3c);
  expect(idOf({ b3: `${b3}-${span}-1-${span}` })).toBe(b3.toLowerCase());
  expect(idOf({ b3TraceId: span })).toBe(span.padStart(32, '0'));
  for (const none of ['0', `00-${'0'.repeat(32)}-${span}-01`, `00-${w3c}`])
    expect(idOf({ traceparent: none })).toBe('');
  expect(idOf({ b3: '0' })).toBe('');
});

it("Envoy's flags have the names of its documentation", () => {
  expect(flagNames((1 << 9) | (1 << 13) | (1 << 15) | (1 << 28))).toEqual(['NR', 'UAEX', 'DC', 'DR']);
});

it('a user agent is told by its family alone', () => {
  const families = {
    'curl/8.5.0': 'curl',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0': 'Edge',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15': 'Safari',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0': 'Firefox',
    'grpc-go/1.70.0': 'gRPC',
    'Go-http-client/2.0': 'Go',
    'python-requests/2.32': 'Python Requests',
    'Apache-HttpClient/5.4 (Java/21.0.1)': 'Apache HttpClient',
    'acme-shop/17 (internal; key=marker)': 'other',
  };
  expect(Object.keys(families).map(userAgentFamily)).toEqual(Object.values(families));
  expect(userAgentFamily('')).toBe('');
});
