import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clientAddressBy } from '../../src/control/client-address.ts';
import { Browser } from '../people/browser.ts';
import { startControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const addressOf = clientAddressBy(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
const from = (remoteAddress: string) => ({ socket: { remoteAddress } });

test.each([
  ['the peer, which is no proxy, whatever it writes', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['the peer, where its proxy writes nothing', '10.0.0.1', undefined, '10.0.0.1'],
  ['whom the proxy was called by', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
  [
    'the last that is no proxy, not what a caller has made up',
    '10.0.0.1',
    '1.1.1.1, 198.51.100.1, 10.9.9.9',
    '198.51.100.1',
  ],
  ['not a proxy that a caller has made up', '10.0.0.1', '10.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['one of IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ['one with a port', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
  ['one of IPv6 with a port', '10.0.0.1', '[2001:db8::7]:443', '2001:db8::7'],
  ['one of IPv4 in IPv6, behind such a proxy', '::ffff:10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
  ['the nearest that is known', '10.0.0.1', '198.51.100.1, unknown, 192.0.2.7', '192.0.2.7'],
  ['the first of nothing but proxies', '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
  ['the proxy, where nothing is an address', '10.0.0.1', ', ,999.1.1.1', '10.0.0.1'],
  ['a proxy at the end of a chain that is none', '10.0.0.1', '10.0.0.2,'.repeat(500), '10.0.0.1'],
])('a client is %s', (_what, peer, forwardedFor, expected) => {
  expect(addressOf(from(peer), forwardedFor)).toBe(expected);
});

test('without trusted proxies nobody says who has called', () => {
  expect(clientAddressBy([])(from('127.0.0.1'), '198.51.100.1')).toBe('127.0.0.1');
});

test('logins behind a proxy are limited by client, and the audit trail has who called', async () => {
  const plane = await startControlPlane(join(scratchFolder('proxies'), 'data'), undefined, {
    args: ['--control-trusted-proxies', '127.0.0.0/8'],
  });
  const ask = async (method: string, request: object, headers: Readonly<Record<string, string>>) => {
    const answer = await fetch(`${plane.url}/ostiary.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const begin = async (client: string) =>
    (await ask('PeopleService/BeginLogin', { client: 'x' }, { 'x-forwarded-for': `203.0.113.250, ${client}` })).status;
  try {
    const many = [];
    for (let at = 0; at < 31; at += 1) many.push(await begin('198.51.100.1'));
    expect([many.filter((status) => status === 200).length, many.at(-1)]).toEqual([30, 429]);
    expect(await begin('198.51.100.2')).toBe(200);
    // By a method and by a page.
    const wrong = { name: 'nobody', password: 'a wrong password' };
    await ask('PeopleService/LogIn', wrong, { 'x-forwarded-for': '198.51.100.3' });
    await new Browser().open(`${plane.url}/login`, { form: wrong, headers: { 'x-forwarded-for': '198.51.100.4' } });
    const authorization = `Bearer ${plane.env.OSTIARY_TOKEN}`;
    const told = async () => (await ask('AuditService/ListEntries', { action: 'login' }, { authorization })).text;
    await expect.poll(told).toContain('"198.51.100.4"');
    expect(await told()).toContain('"198.51.100.3"');
    expect(await told()).not.toContain('127.0.0.1');
  } finally {
    await plane.stop();
  }
}, 30_000);
