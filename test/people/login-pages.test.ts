import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { returnPath } from '../../src/people/pages/return-path.ts';
import { Browser } from './browser.ts';
import { COOKIE, startLoginSite } from './login-site.ts';
import type { LoginSite } from './login-site.ts';

describe('the pages of login', () => {
  let site: LoginSite;
  let url: string;
  beforeEach(async () => {
    site = await startLoginSite();
    ({ url } = site);
  });
  afterEach(() => site.close());

  test('let a local user in by a form of their own, and tell others nothing', async () => {
    const browser = new Browser();
    const first = await browser.open(`${url}/login`);
    expect(first.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(first.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(first.headers.get('x-frame-options')).toBe('DENY');
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.text).not.toContain('<script');
    const wrong = await site.logIn(browser, { password: 'something else' });
    const unknown = await site.logIn(browser, { name: 'nobody' });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    // The name that was typed is there yet; nothing else differs.
    expect(unknown.text.replace('value="nobody"', 'value="bob"')).toBe(wrong.text);
    const markup = await site.logIn(browser, { name: '"><b>bob' });
    expect(markup.text).toContain('value="&quot;&gt;&lt;b&gt;bob"');
    expect((await site.logIn(browser)).text).toContain('local:bob');
    expect(await site.who(browser)).toBe('local:bob');
    expect(site.recorded).toEqual([
      'refused bob the name or the password is wrong',
      'refused nobody the name or the password is wrong',
      'refused "><b>bob the name or the password is wrong',
      'in local:bob password',
    ]);
  });

  test('say when too many have tried, whether there is such a user or not', async () => {
    for (const name of ['bob', 'nobody']) {
      const browser = new Browser();
      for (let at = 0; at < 10; at++) await site.logIn(browser, { name, password: `wrong ${at}` });
      const refused = await site.logIn(browser, { name });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '120']);
      expect(site.recorded.slice(-2)).toEqual([`refused ${name} too many attempts`, `limited ${name}`]);
    }
  });

  test('take no form of another page, and none that is none', async () => {
    const browser = new Browser();
    for (const from of ['https://evil.example.com', 'null', url.replace('127.0.0.1', 'localhost'), `${url}1`]) {
      expect((await site.logIn(browser, {}, { from })).status).toBe(403);
    }
    expect(await site.who(browser)).toBeUndefined();
    await site.logIn(browser);
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
    expect(await site.who(browser)).toBe('local:bob');
    const headers = { 'content-type': 'application/json', origin: url };
    expect((await fetch(`${url}/login`, { method: 'POST', headers, body: '{}' })).status).toBe(400);
    expect((await fetch(`${url}/login`, { method: 'PUT' })).status).toBe(405);
    const large = await site.logIn(browser, { password: 'x'.repeat(40_000) });
    expect(large.status).toBe(400);
  });

  test('begin a new session at each login, whatever cookie was there, and end the one before', async () => {
    const [attacker, victim] = [new Browser(), new Browser()];
    await site.logIn(attacker);
    const planted = attacker.cookie(url, COOKIE) ?? '';
    victim.setCookie(url, COOKIE, planted);
    await site.logIn(victim);
    expect(victim.cookie(url, COOKIE)).not.toBe(planted);
    expect(await site.who(attacker)).toBeUndefined();
    victim.setCookie(url, COOKIE, 'oss_chosen-by-somebody-else');
    await site.logIn(victim);
    expect(await site.who(victim)).toBe('local:bob');
  });

  test('make a stolen cookie worthless by a logout', async () => {
    const [browser, thief] = [new Browser(), new Browser()];
    await site.logIn(browser);
    thief.setCookie(url, COOKIE, browser.cookie(url, COOKIE) ?? '');
    expect(await site.who(thief)).toBe('local:bob');
    await browser.open(`${url}/logout`, { form: {} });
    expect(browser.cookie(url, COOKIE)).toBeUndefined();
    expect(await site.who(thief)).toBeUndefined();
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
      expect(new URL((await site.logIn(browser, { return: given })).url).origin).toBe(url);
    }
    expect(returnPath('/login/program?code=BCDF')).toBe('/login/program?code=BCDF');
    expect(returnPath(undefined)).toBe('/login');
    const quoted = await new Browser().open(
      `${url}/login?return=${encodeURIComponent('/"><script>alert(1)</script>')}`,
    );
    expect(quoted.text).not.toContain('<script>');
  });

  test('let a program in only after a person has seen which one, and typed its code', async () => {
    const { programs } = site.stores;
    const browser = new Browser();
    const device = await programs.begin({ client: '<b>evil</b>', address: '203.0.113.7', redirectPort: 0 });
    const [code, at] = [device?.userCode ?? '', `${url}/login/program`];
    expect((await browser.open(`${at}?code=${code}`)).url).toBe(
      `${url}/login?return=${encodeURIComponent(`/login/program?code=${code}`)}`,
    );
    await site.logIn(browser);
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
