import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Browser } from './browser.ts';
import { FIRST_TOKEN, startLoginSite } from './login-site.ts';
import type { LoginSite } from './login-site.ts';

const MINUTE = 60_000;

describe('whoever has the token of the first start', () => {
  let site: LoginSite;
  let url: string;
  beforeEach(async () => {
    site = await startLoginSite();
    ({ url } = site);
  });
  afterEach(() => site.close());

  const give = (browser: Browser, token: string, from?: string) =>
    browser.open(`${url}/login/first`, { form: { token, return: '/login/program' }, ...(from && { from }) });

  test('is let in by it, and nobody by another', async () => {
    const browser = new Browser();
    const wrong = await give(browser, 'something else');
    expect([wrong.status, wrong.text.includes('this is not the first token')]).toEqual([401, true]);
    expect(await site.who(browser)).toBeUndefined();
    expect((await give(browser, FIRST_TOKEN, 'https://evil.example.com')).status).toBe(403);
    // As it is pasted.
    await give(browser, ` ${FIRST_TOKEN}\n`);
    expect(await site.who(browser)).toBe('bootstrap');
    expect(site.recorded).toEqual(['refused bootstrap this is not the first token', 'in bootstrap first token']);
  });

  test('is out once the token is another one, and with it every session that was begun by it', async () => {
    const browser = new Browser();
    await give(browser, FIRST_TOKEN);
    site.changeFirstToken('another one');
    expect(await site.who(browser)).toBeUndefined();
    await give(browser, FIRST_TOKEN);
    expect(await site.who(browser)).toBeUndefined();
  });

  test('lets no program in, since the token is nobody’s', async () => {
    const browser = new Browser();
    const refused = await give(browser, FIRST_TOKEN);
    expect([refused.status, refused.text.includes('log in as yourself')]).toEqual([403, true]);
    const program = await site.stores.programs.begin({ client: 'x', address: '', redirectPort: 0 });
    const form = { code: program?.userCode ?? '', answer: 'allow' };
    expect((await browser.open(`${url}/login/program`, { form })).status).toBe(403);
    expect(await site.stores.programs.complete(program?.deviceCode ?? '', '')).toEqual({ state: 'pending' });
  });

  test('may try so often from one place', async () => {
    for (let at = 0; at < 30; at++) expect((await give(new Browser(), `wrong ${at}`)).status).toBe(401);
    expect((await give(new Browser(), FIRST_TOKEN)).status).toBe(429);
  });

  test('gets in by the link of the terminal, once, in a quarter of an hour', async () => {
    const [browser, second] = [new Browser(), new Browser()];
    browser.stopsAt = `${url}/`;
    const path = site.firstLink.make();
    const ahead = await browser.open(`${url}${path}`, { headers: { 'sec-purpose': 'prefetch;prerender' } });
    expect(ahead.status).toBe(503);
    expect((await browser.open(`${url}${path}`)).url).toBe(`${url}/`);
    expect(await site.who(browser)).toBe('bootstrap');
    expect((await second.open(`${url}${path}`)).status).toBe(401);
    expect((await second.open(`${url}/login/link`)).status).toBe(401);
    const late = site.firstLink.make();
    site.stores.clock.nowMs += 15 * MINUTE;
    expect((await second.open(`${url}${late}`)).status).toBe(401);
    const [replaced] = [site.firstLink.make(), site.firstLink.make()];
    expect((await second.open(`${url}${replaced}`)).status).toBe(401);
    expect(await site.who(second)).toBeUndefined();
  });
});
