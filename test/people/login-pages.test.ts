import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { egressRules } from '../../src/egress/rules.ts';
import { systemEgress } from '../../src/egress/system-egress.ts';
import { openPasswordChecks } from '../../src/password/open.ts';
import { hashNewPassword } from '../../src/people/new-password.ts';
import { confirmingBy } from '../../src/people/oidc/confirm.ts';
import { Provider } from '../../src/people/oidc/provider.ts';
import { ownOrigin } from '../../src/people/own-origin.ts';
import { createPages } from '../../src/people/pages/pages.ts';
import { returnPath } from '../../src/people/pages/return-path.ts';
import { peopleSchema } from '../../src/people/tables.ts';
import type { PeopleTables } from '../../src/people/tables.ts';
import { scratchFolder } from '../real/scratch.ts';
import { Browser } from './browser.ts';
import { HOUR, MINUTE, storesOn } from './fixture.ts';
import type { Stores } from './fixture.ts';
import { CLIENT, LOGOUT_EVENT, startSmallProvider } from './small-provider.ts';
import type { SmallProvider } from './small-provider.ts';

const PASSWORD = 'correct horse battery';
const COOKIE = 'ostiary-session';

describe('the pages of login', () => {
  let stores: Stores;
  let provider: SmallProvider;
  let url: string;
  let recorded: string[];
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    const file = join(scratchFolder('people'), 'people.db');
    stores = storesOn(await openSqlite<PeopleTables>({ file, durability: 'normal', schema: peopleSchema }));
    stores.clock.nowMs = Date.now();
    provider = await startSmallProvider(() => stores.clock.nowMs);
    recorded = [];
    const { clock, people, sessions } = stores;
    const checks = openPasswordChecks(clock);
    const { egress } = systemEgress({ variables: {}, allow: ['127.0.0.1'], timers: systemTimers });
    const asked = new Provider(
      {
        issuer: provider.issuer,
        clientId: CLIENT.id,
        clientSecret: async () => CLIENT.secret,
        scopes: 'openid email',
        claims: { user: 'email', groups: 'groups' },
      },
      { egress, clock },
    );
    const onEnded = async ({ person }: { readonly person: string }): Promise<void> =>
      void recorded.push(`ended ${person}`);
    const onAway = (detail: string): void => void recorded.push(`away ${detail}`);
    const confirming = confirmingBy(
      { everyMs: 5 * MINUTE, withoutMs: HOUR },
      { provider: asked, sessions, people, clock, onEnded, onAway },
    );
    const handle = createPages(
      {
        ...stores,
        checks,
        randomBytes,
        origin: ownOrigin({ publicUrl: undefined, isTls: false, isLoopback: true }),
        cookies: { isSecure: false },
        maxAgeMs: 12 * HOUR,
        provider: { provider: asked, confirming, recheckMs: 5 * MINUTE },
        record: {
          loggedIn: async ({ person }, by) => void recorded.push(`in ${person} ${by}`),
          refused: (who, _address, why) => void recorded.push(`refused ${who} ${why}`),
          loggedOut: async ({ person }) => void recorded.push(`out ${person}`),
          ended: async (names, why) => void recorded.push(`ended ${names.join()} ${why}`),
        },
        onProviderFault: onAway,
      },
      (path, error) => console.error(path, error),
    );
    const server: Server = createServer((request, response) => {
      if (!handle(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await people.addLocal('local:bob', await hashNewPassword(PASSWORD, randomBytes), [], clock.nowMs);
    closing.push(
      () => server.closeAllConnections(),
      () => server.close(),
      () => checks.close(),
      () => provider.close(),
      () => stores.database.close(),
    );
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const logIn = (browser: Browser, more: Record<string, string> = {}, sent = {}) =>
    browser.open(`${url}/login`, { form: { name: 'bob', password: PASSWORD, ...more }, ...sent });
  const who = async (browser: Browser) => (await stores.sessions.present(browser.cookie(url, COOKIE) ?? ''))?.person;

  test('let a local user in by a form of their own, and tell others nothing', async () => {
    const browser = new Browser();
    const first = await browser.open(`${url}/login`);
    expect(first.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(first.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(first.headers.get('x-frame-options')).toBe('DENY');
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.text).not.toContain('<script');
    const wrong = await logIn(browser, { password: 'something else' });
    const unknown = await logIn(browser, { name: 'nobody' });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(unknown.text).toBe(wrong.text);
    expect((await logIn(browser)).text).toContain('local:bob');
    expect(await who(browser)).toBe('local:bob');
    expect(recorded).toEqual([
      'refused bob the name or the password is wrong',
      'refused nobody the name or the password is wrong',
      'in local:bob password',
    ]);
  });

  test('take no form of another page, and none that is none', async () => {
    const browser = new Browser();
    for (const from of ['https://evil.example.com', 'null', url.replace('127.0.0.1', 'localhost'), `${url}1`]) {
      expect((await logIn(browser, {}, { from })).status).toBe(403);
    }
    expect(await who(browser)).toBeUndefined();
    await logIn(browser);
    expect((await browser.open(`${url}/logout`, { form: {}, from: 'https://evil.example.com' })).status).toBe(403);
    expect(
      (
        await browser.open(`${url}/login/program`, {
          form: { code: 'x', answer: 'allow' },
          from: 'https://evil.example.com',
        })
      ).status,
    ).toBe(403);
    // Reading changes nothing.
    await browser.open(`${url}/logout`);
    expect(await who(browser)).toBe('local:bob');
    const headers = { 'content-type': 'application/json', origin: url };
    expect((await fetch(`${url}/login`, { method: 'POST', headers, body: '{}' })).status).toBe(400);
    expect((await fetch(`${url}/login`, { method: 'PUT' })).status).toBe(405);
    const large = await logIn(browser, { password: 'x'.repeat(40_000) });
    expect(large.status).toBe(400);
  });

  test('begin a new session at each login, whatever cookie was there, and end the one before', async () => {
    const [attacker, victim] = [new Browser(), new Browser()];
    await logIn(attacker);
    const planted = attacker.cookie(url, COOKIE) ?? '';
    victim.setCookie(url, COOKIE, planted);
    await logIn(victim);
    expect(victim.cookie(url, COOKIE)).not.toBe(planted);
    expect(await who(attacker)).toBeUndefined();
    victim.setCookie(url, COOKIE, 'oss_chosen-by-somebody-else');
    await logIn(victim);
    expect(await who(victim)).toBe('local:bob');
  });

  test('make a stolen cookie worthless by a logout', async () => {
    const [browser, thief] = [new Browser(), new Browser()];
    await logIn(browser);
    thief.setCookie(url, COOKIE, browser.cookie(url, COOKIE) ?? '');
    expect(await who(thief)).toBe('local:bob');
    await browser.open(`${url}/logout`, { form: {} });
    expect(browser.cookie(url, COOKIE)).toBeUndefined();
    expect(await who(thief)).toBeUndefined();
    expect((await thief.open(`${url}/login`)).text).toContain('<h1>Log in</h1>');
  });

  test('lead nowhere but to paths of their own', async () => {
    const bad = [
      'https://evil.example.com',
      '//evil.example.com',
      String.raw`/\evil.example.com`,
      '/\t/evil.example.com',
      String.raw`\\evil.example.com`,
      'javascript:alert(1)',
      'evil',
      '',
      '/..//evil.example.com',
      '/%0d%0aset-cookie:x',
      `/${'x'.repeat(2000)}`,
    ];
    for (const given of bad) {
      const path = returnPath(given);
      expect(new URL(path, url).origin).toBe(url);
      expect(path).toMatch(/^\/(?!\/)/);
      const browser = new Browser();
      browser.stopsAt = 'http';
      expect(new URL((await logIn(browser, { return: given })).url).origin).toBe(url);
    }
    expect(returnPath('/login/program?code=BCDF')).toBe('/login/program?code=BCDF');
    expect(returnPath(undefined)).toBe('/login');
    const quoted = await new Browser().open(
      `${url}/login?return=${encodeURIComponent('/"><script>alert(1)</script>')}`,
    );
    expect(quoted.text).not.toContain('<script>');
  });

  test('let in by the provider whom it names, with their groups', async () => {
    const browser = new Browser();
    const page = await browser.open(`${url}/login/start?return=/login/program`);
    expect(page.url).toBe(`${url}/login/program`);
    expect(page.text).toContain('user:alice@example.com');
    expect(await stores.sessions.present(browser.cookie(url, COOKIE) ?? '')).toMatchObject({
      groups: ['developers'],
      providerSession: 'provider-session',
    });
    expect(browser.cookie(url, 'ostiary-login')).toBeUndefined();
    const asked = new URL(browser.visited[1] ?? '').searchParams;
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(recorded).toEqual(['in user:alice@example.com provider']);
  });

  test('let nobody in by what was not begun in their browser, was changed or was used', async () => {
    const [one, other] = [new Browser(), new Browser()];
    one.stopsAt = `${url}/login/callback`;
    const back = await one.open(`${url}/login/start`);
    // Somebody sends the way back of their own login to somebody else.
    expect((await other.open(back.url)).status).toBe(400);
    await (async () => {
      other.stopsAt = `${url}/login/callback`;
      await other.open(`${url}/login/start`);
      other.stopsAt = undefined;
    })();
    expect((await other.open(back.url)).status).toBe(403);
    expect(await who(other)).toBeUndefined();
    one.stopsAt = undefined;
    expect((await one.open(back.url)).status).toBe(200);
    expect(await who(one)).toBe('user:alice@example.com');
    // The same way back again.
    expect((await one.open(back.url)).status).toBe(400);
    for (const returned of [
      { state: 'other' },
      { state: undefined },
      { code: 'other' },
      { code: undefined },
      { iss: 'https://evil.example.com' },
      { error: 'access_denied' },
      { error: '<script>alert(1)</script>' },
    ]) {
      provider.returned = returned;
      const page = await new Browser().open(`${url}/login/start`);
      expect([page.status, page.text.includes('<script>')]).toEqual([403, false]);
    }
  });

  test('believe no token that is for others, of others, too old, or says less than it must', async () => {
    const { claims } = provider;
    for (const change of [
      { nonce: 'other' },
      { aud: 'other' },
      { iss: 'https://evil.example.com' },
      { email_verified: false },
      { email_verified: 'true' },
      { email_verified: undefined },
      { email: undefined },
      { email: '' },
      { email: 'local:bob' },
      { email: 'a b@example.com' },
      { email: ['alice@example.com'] },
      { sub: '' },
    ]) {
      provider.claims = { ...claims, ...change };
      const browser = new Browser();
      const page = await browser.open(`${url}/login/start`);
      expect([change, page.status, await who(browser)]).toEqual([change, 403, undefined]);
    }
    // Clocks differ: a little is borne, and more is told to those who can set them.
    provider.claims = { ...claims, exp: Math.floor(Date.now() / 1000) - 120 };
    const late = await new Browser().open(`${url}/login/start`);
    expect([late.status, late.text.includes('do its clock and that of the control plane differ?')]).toEqual([
      503,
      true,
    ]);
    provider.claims = { ...claims, exp: Math.floor(Date.now() / 1000) - 30, groups: 'one' };
    const browser = new Browser();
    expect((await browser.open(`${url}/login/start`)).status).toBe(200);
    expect(await stores.people.find('user:alice@example.com')).toMatchObject({ groups: ['one'] });
  });

  test('find new keys of the provider at once', async () => {
    await new Browser().open(`${url}/login/start`);
    await provider.rotate();
    const browser = new Browser();
    expect((await browser.open(`${url}/login/start`)).status).toBe(200);
    expect(await who(browser)).toBe('user:alice@example.com');
  });

  test('keep who is in while the provider is away, for as long as is configured, and let nobody else in by it', async () => {
    const { clock } = stores;
    provider.isAway = true;
    expect((await new Browser().open(`${url}/login/start`)).status).toBe(503);
    provider.isAway = false;
    const browser = new Browser();
    await browser.open(`${url}/login/start`);
    provider.isAway = true;
    recorded = [];
    clock.nowMs += 6 * MINUTE;
    expect((await browser.open(`${url}/login`)).text).toContain('You are logged in');
    expect(recorded.some((each) => each.startsWith('away'))).toBe(true);
    clock.nowMs += HOUR;
    expect((await browser.open(`${url}/login`)).status).toBe(503);
    provider.isAway = false;
    clock.nowMs += MINUTE;
    expect((await browser.open(`${url}/login`)).text).toContain('You are logged in');
    // One leaves at any time.
    provider.isAway = true;
    clock.nowMs += 90 * MINUTE;
    await browser.open(`${url}/logout`, { form: {} });
    expect(recorded.at(-1)).toBe('out user:alice@example.com');
  });

  test('ask the provider again by refresh: groups change, and a session ends that has ended there, with its programs', async () => {
    const { clock, programs, sessions } = stores;
    const browser = new Browser();
    await browser.open(`${url}/login/start`);
    provider.claims = { ...provider.claims, groups: ['developers', 'owners'] };
    await browser.open(`${url}/login`);
    expect(provider.refreshes).toBe(0);
    clock.nowMs += 5 * MINUTE;
    await Promise.all([browser.open(`${url}/login`), browser.open(`${url}/login`)]);
    expect(provider.refreshes).toBe(1);
    expect(await sessions.present(browser.cookie(url, COOKIE) ?? '')).toMatchObject({
      groups: ['developers', 'owners'],
    });
    const begun = await programs.begin({ client: 'x', address: '', redirectPort: 0 });
    await browser.open(`${url}/login/program`, { form: { code: begun?.userCode ?? '', answer: 'allow' } });
    const allowed = await programs.complete(begun?.deviceCode ?? '', '');
    if (allowed.state !== 'allowed') throw new Error(allowed.state);
    const { person, providerSession: session } = allowed.by;
    const provided = { session, refreshToken: undefined, checkAt: 0 };
    const program = await sessions.begin({ person, kind: 'program', address: '', provider: provided });
    provider.hasEnded = true;
    clock.nowMs += 5 * MINUTE;
    expect((await browser.open(`${url}/login`)).text).toContain('<h1>Log in</h1>');
    expect(await sessions.present(program.secret)).toBeUndefined();
    expect(recorded).toContain('ended user:alice@example.com');
  });

  test('end sessions when the provider says so itself, and believe nobody else', async () => {
    const browser = new Browser();
    await browser.open(`${url}/login/start`);
    const sent = async (token: string) =>
      (await browser.open(`${url}/login/backchannel-logout`, { form: { logout_token: token } })).status;
    const now = Math.floor(Date.now() / 1000);
    for (const claims of [
      {},
      { sid: 'provider-session', nonce: 'x' },
      { sid: 'provider-session', aud: 'other' },
      { sid: 'provider-session', iss: 'https://evil.example.com' },
      { sid: 'provider-session', events: {} },
      { sid: 'provider-session', events: { other: {} } },
      { sid: 'provider-session', iat: now - 3600, exp: now + 60 },
      { sub: undefined, sid: '' },
    ]) {
      const { sub, ...others } = { sub: undefined, ...claims } as Record<string, unknown>;
      expect(await sent(await provider.logoutToken({ sub, ...others }))).toBe(400);
    }
    const right = await provider.logoutToken({ sid: 'provider-session' });
    expect(await sent(`${right.slice(0, -6)}AAAAAA`)).toBe(400);
    expect(await sent('')).toBe(400);
    expect(await who(browser)).toBe('user:alice@example.com');
    expect(await sent(await provider.logoutToken({ sid: 'another-session' }))).toBe(200);
    expect(await who(browser)).toBe('user:alice@example.com');
    expect(await sent(right)).toBe(200);
    expect(await who(browser)).toBeUndefined();
    expect(recorded.at(-1)).toBe('ended user:alice@example.com the provider has ended the session');
    await browser.open(`${url}/login/start`);
    expect(await sent(await provider.logoutToken({ events: { [LOGOUT_EVENT]: {} }, sub: 'subject-1' }))).toBe(200);
    expect(await who(browser)).toBeUndefined();
  });

  test('let a program in only after a person has seen which one, and typed its code', async () => {
    const { programs } = stores;
    const browser = new Browser();
    const device = await programs.begin({ client: '<b>evil</b>', address: '203.0.113.7', redirectPort: 0 });
    const [code, at] = [device?.userCode ?? '', `${url}/login/program`];
    expect((await browser.open(`${at}?code=${code}`)).url).toBe(
      `${url}/login?return=${encodeURIComponent(`/login/program?code=${code}`)}`,
    );
    await logIn(browser);
    // A link with the code in it, which somebody else has sent, fills in nothing.
    const linked = await browser.open(`${at}?code=${code}`);
    expect(linked.text).not.toContain(code);
    expect(linked.text).not.toContain('value="allow"');
    const shown = await browser.open(at, { form: { code: code.toLowerCase() } });
    expect(shown.text).toContain('203.0.113.7');
    expect(shown.text).toContain('&lt;b&gt;evil');
    expect(await programs.complete(device?.deviceCode ?? '', '')).toEqual({ state: 'pending' });
    expect((await browser.open(at, { form: { code, answer: 'refuse' } })).text).toContain('was refused');
    expect(await programs.complete(device?.deviceCode ?? '', '')).toEqual({ state: 'denied' });
    const local = await programs.begin({ client: 'x', address: '', redirectPort: 40_001 });
    const linkedHere = await browser.open(`${at}?code=${local?.userCode}`);
    expect(linkedHere.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:40001;");
    browser.stopsAt = 'http://127.0.0.1:40001/';
    expect((await browser.open(at, { form: { code: local?.userCode ?? '', answer: 'allow' } })).url).toMatch(
      /\?code=osc_/,
    );
  });
});

test('no rule of egress lets a provider lead the control plane to other services of loopback', async () => {
  const provider = await startSmallProvider();
  const { egress } = systemEgress({ variables: {}, allow: [new URL(provider.issuer).host], timers: systemTimers });
  const own = new URL(provider.issuer);
  expect(egress.rules.problemOf(own)).toBeUndefined();
  expect(egress.rules.problemOf(new URL(`http://127.0.0.1:${Number(own.port) === 1 ? 2 : 1}/`))).toMatch(/loopback/);
  expect(egressRules([]).problemOf(own)).toMatch(/loopback/);
  await provider.close();
});
