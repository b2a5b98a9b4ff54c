import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardedRequest } from '../../src/forward-auth/forwarded-request.ts';
import type { AskingRequest, ForwardedRequest } from '../../src/forward-auth/forwarded-request.ts';
import { PROFILES, REQUEST_LINE } from '../../src/forward-auth/profiles.ts';
import type { Profile, ProfileName } from '../../src/forward-auth/profiles.ts';
import type { HeaderEntry } from '../../src/request/header-entry.ts';

const names = Object.keys(PROFILES) as ProfileName[];

/** What a proxy of this profile sends about `DELETE https://shop.example/orders?a=b` of 192.0.2.7. */
function toldBy(profile: Profile, more: readonly HeaderEntry[] = []): AskingRequest {
  const parts: HeaderEntry[] = [
    [profile.host, 'shop.example'],
    [profile.scheme, 'https'],
    [profile.clientAddress, '192.0.2.7'],
  ];
  if (profile.method !== REQUEST_LINE) parts.push([profile.method, 'DELETE']);
  if (profile.path !== REQUEST_LINE) parts.push([profile.path, '/orders?a=b']);
  if (profile.host !== 'host') parts.push(['host', 'ostiary.internal']);
  const [method, url] = profile.method === REQUEST_LINE ? ['DELETE', '/orders?a=b'] : ['GET', '/whatever'];
  return { method, url, headers: [...parts, ...more] };
}

function controlsOf({ method, path, host, scheme }: Profile): readonly string[] {
  return [method, path, host, scheme].filter((name): name is string => typeof name === 'string');
}

describe.each(names)('the profile %s', (name) => {
  const profile: Profile = PROFILES[name];

  it('reads the request that the proxy asks about, and hides from policies how it was told', () => {
    const asked = forwardedRequest(toldBy(profile, [['accept', '*/*']]), profile) as ForwardedRequest;
    expect(asked).toMatchObject({
      method: 'DELETE',
      path: '/orders?a=b',
      host: 'shop.example',
      scheme: 'https',
      clientAddress: '192.0.2.7',
    });
    const kept = profile.clientAddress === 'x-forwarded-for' ? [['x-forwarded-for', '192.0.2.7']] : [];
    expect([...asked.headers]).toEqual([...kept, ['accept', '*/*']]);
  });

  it.each(controlsOf(profile))('refuses two of %s, whatever their order: a caller may have sent one', (header) => {
    const asking = toldBy(profile);
    const spoofed: HeaderEntry = [header, 'x'];
    for (const headers of [
      [...asking.headers, spoofed],
      [spoofed, ...asking.headers],
    ]) {
      expect(forwardedRequest({ ...asking, headers }, profile)).toMatch(new RegExp(`once in the header ${header}`));
    }
  });

  it.each(controlsOf(profile).filter((header) => header !== profile.scheme))(
    'refuses a request without %s',
    (header) => {
      const asking = toldBy(profile);
      const without = asking.headers.filter(([each]) => each !== header);
      expect(forwardedRequest({ ...asking, headers: without }, profile)).toContain(header);
      expect(forwardedRequest({ ...asking, headers: [...without, [header, '']] }, profile)).toContain(header);
    },
  );

  it('does not need to be told scheme and address, but understands them where they are', () => {
    const asking = toldBy(profile);
    const optional = new Set([profile.scheme, profile.clientAddress]);
    const without = { ...asking, headers: asking.headers.filter(([each]) => !optional.has(each)) };
    expect(forwardedRequest(without, profile)).toMatchObject({ scheme: '', clientAddress: '' });
    for (const [header, value] of [
      [profile.scheme, 'gopher'],
      [profile.scheme, ''],
      [profile.clientAddress, 'unknown'],
      [profile.clientAddress, '192.0.2.7, '],
      [profile.clientAddress, '192.0.2.7:80'],
      [profile.clientAddress, ''],
    ] as const) {
      expect(forwardedRequest({ ...without, headers: [...without.headers, [header, value]] }, profile)).toContain(
        header,
      );
    }
  });

  it('takes of several addresses the one that the proxy appended', () => {
    const asking = toldBy(profile);
    const others = asking.headers.filter(([each]) => each !== profile.clientAddress);
    const told = (value: string) =>
      forwardedRequest({ ...asking, headers: [...others, [profile.clientAddress, value]] }, profile);
    expect(told('203.0.113.9, 192.0.2.8')).toMatchObject({ clientAddress: '192.0.2.8' });
    expect(told('fe80::1%eth0')).toMatchObject({ clientAddress: 'fe80::1' });
  });

  it('gives to its client no success that is not its own, and no failure that may count as none', () => {
    for (const status of [100, 101, 200, 201, 206, 226]) expect(profile.passesOn(status)).toBe(false);
    if (name === 'envoy') for (const status of [500, 503, 599]) expect(profile.passesOn(status)).toBe(false);
    if (name === 'nginx')
      for (const status of [204, 302, 400, 404, 429, 503]) expect(profile.passesOn(status)).toBe(false);
    for (const status of [401, 403]) expect(profile.passesOn(status)).toBe(true);
  });

  it('tells exactly one request or none, whatever headers callers add', () => {
    const told = toldBy(profile);
    const own = new Set([...controlsOf(profile), profile.clientAddress, 'host']);
    const anyName = fc.oneof(
      fc.constantFrom(
        ...names.flatMap((each) => controlsOf(PROFILES[each])),
        'x_original_uri',
        'x-forwarded-for',
        'x-real-ip',
      ),
      fc.constantFrom('connection', 'expect', 'cookie', '__proto__', 'constructor', 'x-ostiary-client-id'),
      fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,20}$/),
    );
    const anyHeaders = fc.array(fc.tuple(anyName, fc.string({ unit: 'binary', maxLength: 30 })), { maxLength: 12 });
    fc.assert(
      fc.property(anyHeaders, fc.nat(), (added, seed) => {
        const at = seed % (told.headers.length + 1);
        const headers = [...told.headers.slice(0, at), ...added, ...told.headers.slice(at)];
        const asked = forwardedRequest({ ...told, headers }, profile);
        if (typeof asked === 'string') return added.some(([each]) => own.has(each));
        // Only the address may come from a caller, and only where the proxy has it in this very header.
        const ofAddress = profile.clientAddress === 'x-forwarded-for' ? [] : [profile.clientAddress];
        expect(asked).toMatchObject({ method: 'DELETE', path: '/orders?a=b', host: 'shop.example', scheme: 'https' });
        for (const hidden of [...controlsOf(profile), ...ofAddress, 'host', 'connection', 'expect']) {
          expect(asked.headers.has(hidden)).toBe(false);
        }
        for (const [each, value] of added) {
          if (own.has(each) || ['connection', 'expect'].includes(each)) continue;
          expect(asked.headers.get(each)).toContain(value);
        }
        return true;
      }),
      { numRuns: 300 },
    );
  });
});

it('joins repeated headers as Envoy does', () => {
  const more: HeaderEntry[] = [
    ['accept', 'a'],
    ['cookie', 'a=1'],
    ['accept', 'b'],
    ['cookie', 'b=2'],
  ];
  const asked = forwardedRequest(toldBy(PROFILES.nginx, more), PROFILES.nginx) as ForwardedRequest;
  expect([...asked.headers]).toEqual([
    ['accept', 'a,b'],
    ['cookie', 'a=1; b=2'],
  ]);
});

it.each(['', 'GE T', 'GET\u0000', 'G'.repeat(33), 'GÉT'])('a method %j is refused', (method) => {
  const asking = toldBy(PROFILES.traefik);
  const headers = asking.headers.map(([name, value]): HeaderEntry => [
    name,
    name === 'x-forwarded-method' ? method : value,
  ]);
  expect(forwardedRequest({ ...asking, headers }, PROFILES.traefik)).toContain('a method');
});

it('a request to become a WebSocket is one of HTTP', () => {
  const asking = toldBy(PROFILES.traefik);
  const headers = asking.headers.map(([name, value]): HeaderEntry => [
    name,
    name === 'x-forwarded-proto' ? 'wss' : value,
  ]);
  expect(forwardedRequest({ ...asking, headers }, PROFILES.traefik)).toMatchObject({ scheme: 'https' });
});
