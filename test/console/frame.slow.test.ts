import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { closeBrowser } from './browser.ts';
import type { Window } from './browser.ts';
import { openSite, PASSWORD } from './site.ts';
import type { Site } from './site.ts';

const chromium = await partOrSkip('chromium');

function apiOf(name: string, displayName: string): object {
  return {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Api',
    metadata: { name, namespace: 'shop', displayName, lifecycle: 'published', visibility: 'internal' },
    spec: { hosts: ['*'], basePath: `/${name}` },
  };
}

describe.skipIf(chromium === undefined)('the console in a browser', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite({
      teams: { platform: { ada: 'admin' }, shop: { dave: 'developer', olga: 'owner' } },
      documents: [apiOf('orders', 'Orders')],
    });
  });
  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  const rowOf = ({ page }: Window, text: string) => page.locator('main').getByText(text, { exact: true }).first();

  test('asks for a login, takes the first token, and shows what was asked for', async () => {
    const first = await site.window();
    const { page } = first;
    await page.goto('/catalog?q=');
    await page.waitForURL('**/login?return=**');
    await first.axeInBoth();
    await first.shot('login');
    await page.getByText('Log in by the first token').click();
    await page.getByLabel('First token').fill(site.env.OSTIARY_TOKEN);
    await page.getByRole('button', { name: 'Log in as the administrator' }).click();
    await page.waitForURL('**/catalog?q=');
    await page.getByRole('button', { name: 'Administrator' }).click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL('**/login');
    await page.goto('/catalog');
    await page.waitForURL('**/login?return=**');
  });

  test('opens for whoever has logged in, tells their roles, and keeps the look that they choose', async () => {
    const dave = await site.window('dave');
    const { page } = dave;
    await dave.open('/catalog');
    await page.getByRole('button', { name: 'dave' }).click();
    await expect.poll(() => page.locator('.who-menu').textContent()).toMatch(/local:dave.*developershop/);
    await dave.axeInBoth();
    await page.getByText('Dark', { exact: true }).click();
    await page.reload();
    await page.locator('h1').waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('To the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
  });

  test('goes to a view or an API by a few letters', async () => {
    const dave = await site.window('dave');
    const { page } = dave;
    await dave.open('/catalog');
    await page.keyboard.press('/');
    await page.keyboard.type('order');
    await page.getByRole('option', { name: /Orders/ }).waitFor();
    await dave.axeInBoth();
    await dave.shot('palette');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/catalog/shop/orders');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('nothing of this name');
    await page.getByText('Nothing has this name').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.palette').count()).toBe(0);
  });

  test('has its menu in a drawer on a phone', async () => {
    const dave = await site.window('dave');
    const { page } = dave;
    await page.setViewportSize({ width: 360, height: 740 });
    await dave.open('/catalog');
    expect(await page.getByRole('navigation', { name: 'Menu' }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Menu', exact: true }).click();
    await page.getByRole('link', { name: 'Catalog' }).waitFor();
    await dave.axe();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('navigation', { name: 'Menu' }).isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Menu');
  });

  test('shows at once what others change, says quietly when it is not connected, and goes on after a restart', async () => {
    const dave = await site.window('dave');
    const { page } = dave;
    await dave.open('/catalog');
    await rowOf(dave, 'Orders').or(rowOf(dave, 'orders')).first().waitFor();
    await site.apply(apiOf('payments', 'Payments'));
    await rowOf(dave, 'Payments').or(rowOf(dave, 'payments')).first().waitFor();
    await site.restart(async () => {
      await page.getByText('Not connected').waitFor();
      await dave.axe();
      // What was there can still be read.
      expect(await page.locator('main').textContent()).toMatch(/payments/i);
    });
    await expect.poll(() => page.getByText('Not connected').count(), { timeout: 30_000 }).toBe(0);
    await site.apply(apiOf('returns', 'Returns'));
    await rowOf(dave, 'Returns').or(rowOf(dave, 'returns')).first().waitFor();
    expect(await page.getByText('The control plane was updated').count()).toBe(0);
    await page.route('**/', (route) => route.fulfill({ contentType: 'text/html', body: 'another release' }));
    await site.restart(() => page.getByText('Not connected').waitFor());
    await page.getByText('The control plane was updated').waitFor({ timeout: 30_000 });
    await dave.axeInBoth();
    await page.unroute('**/');
    await page.getByRole('button', { name: 'Load again' }).click();
    await rowOf(dave, 'Returns').or(rowOf(dave, 'returns')).first().waitFor();
  });

  test('waits in place for whoever is no longer logged in, and goes on where they were', async () => {
    const olga = await site.window('olga');
    const { page } = olga;
    await olga.open('/catalog');
    await page.evaluate(() => Object.assign(globalThis, { isStillHere: true }));
    await site.call('PeopleService/EndSessions', { user: 'local:olga' });
    await site.apply(apiOf('refunds', 'Refunds'));
    await page.getByRole('heading', { name: 'You are no longer logged in' }).waitFor();
    await olga.axeInBoth();
    await olga.shot('logged-out');
    const opened = olga.context.waitForEvent('page');
    await page.getByRole('link', { name: 'Log in again' }).click();
    const login = await opened;
    await login.getByLabel('Name').fill('olga');
    await login.getByLabel('Password').fill(PASSWORD);
    await login.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect.poll(() => page.getByRole('dialog').count(), { timeout: 15_000 }).toBe(0);
    await rowOf(olga, 'Refunds').or(rowOf(olga, 'refunds')).first().waitFor();
    expect(await page.evaluate(() => 'isStillHere' in globalThis)).toBe(true);
  });
});
