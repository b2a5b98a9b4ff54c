import { describe, expect, it } from 'vitest';
import { parseFlags, withVariables } from '../../src/flags.ts';
import { forwardAuthOf, httpFlags } from '../../src/serve/http-flags.ts';

const flags = withVariables(httpFlags);
const read = (...argv: string[]) => forwardAuthOf(parseFlags(flags, argv, {}).values, 0o600);

describe('the flags of the listener for proxies that ask over HTTP', () => {
  it('open none by default', () => {
    expect(read()).toBeUndefined();
  });

  it('trust loopback alone unless they say otherwise, and give a Unix socket its permission bits', () => {
    const tcp = read('--http-listen', ':9193', '--http-profile', 'nginx');
    expect(tcp).toMatchObject({ address: { kind: 'tcp', port: 9193 }, profile: 'nginx', stripped: new Set() });
    expect([tcp?.trusted.check('127.0.0.9'), tcp?.trusted.check('::1', 'ipv6')]).toEqual([true, true]);
    expect([tcp?.trusted.check('10.0.0.1'), tcp?.trusted.check('fe80::1', 'ipv6')]).toEqual([false, false]);
    const unix = read(
      '--http-listen',
      'unix:/run/http.sock',
      '--http-profile',
      'caddy',
      '--http-stripped',
      'Client_Secret',
    );
    expect(unix).toMatchObject({ address: { kind: 'unix', mode: 0o600 }, stripped: new Set(['client_secret']) });
    const told = read('--http-listen', ':1', '--http-profile', 'nginx', '--http-trusted-peers', '10.0.0.0/8');
    expect([told?.trusted.check('10.0.0.1'), told?.trusted.check('127.0.0.1')]).toEqual([true, false]);
  });

  it.each([
    [['--http-listen', ':9193'], /needs --http-profile: one of envoy, nginx, traefik, caddy, haproxy/],
    [['--http-profile', 'nginx'], /--http-profile needs --http-listen/],
    [['--http-trusted-peers', '10.0.0.0/8'], /--http-trusted-peers needs --http-listen/],
    [['--http-stripped', 'x'], /--http-stripped needs --http-listen/],
    [['--http-listen', ':1', '--http-profile', 'envoy', '--http-stripped', 'x'], /no effect: .* --http-profile envoy/],
    [['--http-listen', ':1', '--http-profile', 'haproxy', '--http-stripped', 'x'], /no effect/],
    [['--http-listen', '9193', '--http-profile', 'nginx'], /--http-listen "9193": it has no host and port/],
    [['--http-listen', ':1', '--http-profile', 'ingress'], /envoy, nginx, traefik, caddy/],
    [['--http-listen', ':1', '--http-profile', 'nginx', '--http-trusted-peers', 'proxy.example'], /expected a network/],
    [['--http-listen', ':1', '--http-profile', 'nginx', '--http-stripped', 'a b'], /expected the name of a header/],
  ])('refuse %j', (argv, why) => {
    expect(() => read(...argv)).toThrow(why);
  });
});
