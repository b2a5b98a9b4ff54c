import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { egressRules } from '../../src/egress/rules.ts';
import { systemEgress } from '../../src/egress/system-egress.ts';
import { Browser } from './browser.ts';
import { HOUR, MINUTE } from './fixture.ts';
import { COOKIE, startLoginSite } from './login-site.ts';
import type { LoginSite } from './login-site.ts';
import { LOGOUT_EVENT, startSmallProvider } from './small-provider.ts';

describe('logins by a provider', () => {
  let site: LoginSite;
  let url: string;
  beforeEach(async () => {
    site = await startLoginSite();
    ({ url } = site);
  });
  afterEach(() => site.close());

  test('let in by the provider whom it names, with their groups', async () => {
    const browser = new Browser();
    const page = await browser.open(`${url}/login/start?return=/login/program`);
    expect(page.url).toBe(`${url}/login/program`);
    expect(page.text).toContain('user:alice@example.com');
    expect(await site.stores.sessions.present(browser.cookie(url, COOKIE) ?? '')).toMatchObject({
      groups: ['developers'],
      providerSession: 'provider-session',
    });
    expect(browser.cookie(url, 'ostiary-login')).toBeUndefined();
    const asked = new URL(browser.visited[1] ?? '').searchParams;
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(site.recorded).toEqual(['in user:alice@example.com provider']);
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
    expect(await site.who(other)).toBeUndefined();
    one.stopsAt = undefined;
    expect((await one.open(back.url)).status).toBe(200);
    expect(await site.who(one)).toBe('user:alice@example.com');
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
      site.provider.returned = returned;
      const page = await new Browser().open(`${url}/login/start`);
      expect([page.status, page.text.includes('<script>')]).toEqual([403, false]);
    }
  });

  test('believe no token that is for others, of others, too old, or says less than it must', async () => {
    const { claims } = site.provider;
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
      site.provider.claims = { ...claims, ...change };
      const browser = new Browser();
      const page = await browser.open(`${url}/login/start`);
      expect([change, page.status, await site.who(browser)]).toEqual([change, 403, undefined]);
    }
    // Clocks differ: a little is borne, and more is told to those who can set them.
    site.provider.claims = { ...claims, exp: Math.floor(Date.now() / 1000) - 120 };
    const late = await new Browser().open(`${url}/login/start`);
    expect([late.status, late.text.includes('do its clock and that of the control plane differ?')]).toEqual([
      503,
      true,
    ]);
    site.provider.claims = { ...claims, exp: Math.floor(Date.now() / 1000) - 30, groups: 'one' };
    const browser = new Browser();
    expect((await browser.open(`${url}/login/start`)).status).toBe(200);
    expect(await site.stores.people.find('user:alice@example.com')).toMatchObject({ groups: ['one'] });
  });

  test('find new keys of the provider at once', async () => {
    await new Browser().open(`${url}/login/start`);
    await site.provider.rotate();
    const browser = new Browser();
    expect((await browser.open(`${url}/login/start`)).status).toBe(200);
    expect(await site.who(browser)).toBe('user:alice@example.com');
  });

  test('keep who is in while the provider is away, for as long as is configured, and let nobody else in by it', async () => {
    const { clock } = site.stores;
    site.provider.isAway = true;
    expect((await new Browser().open(`${url}/login/start`)).status).toBe(503);
    site.provider.isAway = false;
    const browser = new Browser();
    await browser.open(`${url}/login/start`);
    site.provider.isAway = true;
    site.recorded.length = 0;
    clock.nowMs += 6 * MINUTE;
    expect((await browser.open(`${url}/login`)).text).toContain('You are logged in');
    expect(site.recorded.some((each) => each.startsWith('away'))).toBe(true);
    clock.nowMs += HOUR;
    expect((await browser.open(`${url}/login`)).status).toBe(503);
    site.provider.isAway = false;
    clock.nowMs += MINUTE;
    expect((await browser.open(`${url}/login`)).text).toContain('You are logged in');
    // One leaves at any time.
    site.provider.isAway = true;
    clock.nowMs += 90 * MINUTE;
    await browser.open(`${url}/logout`, { form: {} });
    expect(site.recorded.at(-1)).toBe('out user:alice@example.com');
  });

  test('ask the provider again by refresh: groups change, and a session ends that has ended there, with its programs', async () => {
    const { clock, programs, sessions } = site.stores;
    const browser = new Browser();
    await browser.open(`${url}/login/start`);
    site.provider.claims = { ...site.provider.claims, groups: ['developers', 'owners'] };
    await browser.open(`${url}/login`);
    expect(site.provider.refreshes).toBe(0);
    clock.nowMs += 5 * MINUTE;
    await Promise.all([browser.open(`${url}/login`), browser.open(`${url}/login`)]);
    expect(site.provider.refreshes).toBe(1);
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
    site.provider.hasEnded = true;
    clock.nowMs += 5 * MINUTE;
    expect((await browser.open(`${url}/login`)).text).toContain('<h1>Log in</h1>');
    expect(await sessions.present(program.secret)).toBeUndefined();
    expect(site.recorded).toContain('ended user:alice@example.com');
  });

  test('take messages of nobody without an end, and those of the provider all the same', async () => {
    const sent = async (token: string) =>
      (await new Browser().open(`${url}/login/backchannel-logout`, { form: { logout_token: token } })).status;
    for (let at = 0; at < 40; at++) {
      expect(await sent(await site.provider.logoutToken({ sub: undefined, sid: 'unknown' }))).toBe(200);
    }
    const statuses = [];
    for (let at = 0; at < 31; at++) statuses.push(await sent('nonsense'));
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 400), 429]);
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
      expect(await sent(await site.provider.logoutToken({ sub, ...others }))).toBe(400);
    }
    const right = await site.provider.logoutToken({ sid: 'provider-session' });
    expect(await sent(`${right.slice(0, -6)}AAAAAA`)).toBe(400);
    expect(await sent('')).toBe(400);
    expect(await site.who(browser)).toBe('user:alice@example.com');
    expect(await sent(await site.provider.logoutToken({ sid: 'another-session' }))).toBe(200);
    expect(await site.who(browser)).toBe('user:alice@example.com');
    expect(await sent(right)).toBe(200);
    expect(await site.who(browser)).toBeUndefined();
    expect(site.recorded.at(-1)).toBe('ended user:alice@example.com the provider has ended the session');
    await browser.open(`${url}/login/start`);
    expect(await sent(await site.provider.logoutToken({ events: { [LOGOUT_EVENT]: {} }, sub: 'subject-1' }))).toBe(200);
    expect(await site.who(browser)).toBeUndefined();
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
