import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { closeBrowser } from './browser.ts';
import { resource, shopDocuments } from './shop-documents.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const chromium = await partOrSkip('chromium');

describe.skipIf(chromium === undefined)('a consumer in a browser', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({
      teams: { shop: { olga: 'owner' }, zoo: { zoe: 'developer' } },
      documents: [
        ...shopDocuments(),
        resource(
          'ClientApplication',
          'mobile',
          { clientId: 'zoo-mobile' },
          { namespace: 'zoo', displayName: 'The zoo’s app' },
        ),
        resource('Contract', 'zoo-mobile-orders', {
          clientApplication: 'zoo/mobile',
          api: 'orders',
          tier: 'silver',
          status: 'approved',
        }),
      ],
    });
  }, 120_000);

  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  test('somebody finds an API, asks for access with a new application, and has it once its owner approves', async () => {
    const window = await site.window('zoe');
    const { page } = window;
    await window.open('/catalog');
    await expect.poll(() => page.locator('.catalog-api').count()).toBe(4);
    await window.axeInBoth();
    await window.shot('catalog');
    await page.getByRole('searchbox', { name: 'Search the catalog' }).fill('trackingEv');
    await expect.poll(() => page.locator('.catalog-api').count()).toBe(1);
    expect(new URL(page.url()).search).toBe('?q=trackingEv');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Parcel tracking' }).waitFor();
    await page.locator('.markdown strong').first().waitFor();
    await window.settled();
    await window.axeInBoth();
    await window.shot('api');

    await page.getByRole('button', { name: 'Request access' }).click();
    await page.getByLabel('Application', { exact: true }).selectOption({ label: 'New application…' });
    await page.getByLabel('Its name').fill('kiosk');
    await page.getByLabel('Why').fill('For the screens at the gate');
    await page.getByLabel(/I accept/).check();
    await window.axeInBoth();
    await window.shot('request');
    await page.getByRole('dialog').getByRole('button', { name: 'Request access' }).click();
    await page.getByText('Copy the secret now.').waitFor();
    await expect.poll(() => page.getByText('waits for approval').count()).toBeGreaterThan(0);
    await window.axe();
    await window.shot('requested');
    await page.getByRole('link', { name: 'See the contract' }).click();
    await page.getByText('Waits for an approval').waitFor();
    await window.shot('contract-waiting');

    await site.call('ContractService/Approve', { namespace: 'shop', name: 'zoo-kiosk-parcels', reason: 'Welcome' });
    await window.open('/contracts/shop/zoo-kiosk-parcels');
    await page.getByText('in force').waitFor();
    await window.settled();
    await window.axeInBoth();
    await window.shot('contract');
    await window.open('/catalog/shop/parcels');
    await expect.poll(() => page.locator('.code code').first().textContent()).toContain('client_id: ');
    await window.open('/contracts');
    await window.settled();
    await window.axeInBoth();
    await window.shot('contracts');
  }, 120_000);

  test('an application’s secret is rotated, and its old one ended', async () => {
    const window = await site.window('zoe');
    const { page } = window;
    await window.open('/applications');
    await window.axeInBoth();
    await window.shot('applications');
    await page.getByRole('link', { name: 'kiosk' }).click();
    await page.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    await page.getByText('Copy the secret now.').waitFor();
    await window.shot('rotated');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('The one before').waitFor();
    await window.axeInBoth();
    await window.shot('application');
    await page.getByRole('button', { name: 'End the old one now' }).click();
    await page.getByRole('button', { name: 'End it now' }).click();
    await page.getByText('The old secret has ended').waitFor();
  }, 60_000);

  test('a specification is drawn in a frame that has no session and no way out', async () => {
    const window = await site.window('zoe');
    const { page } = window;
    await window.open('/catalog/shop/parcels?tab=reference');
    const frame = page.frameLocator('.reference-frame');
    await frame.getByText('Where a parcel is now').waitFor();
    await window.shot('reference');
    const answer = await window.context.request.get('/reference/shop/parcels', { headers: { accept: 'text/html' } });
    const policy = answer.headers()['content-security-policy'];
    expect(policy).toContain('connect-src https://api.example.com/parcels https://api.example.com/parcels/;');
    expect(policy).toContain('sandbox allow-scripts');
    expect(policy).not.toContain('allow-same-origin');

    await window.open('/catalog/shop/hostile?tab=reference');
    await frame.getByText('/x').first().waitFor();
    await window.shot('reference-hostile');
    const inside = page.frames().find((each) => each.url().includes('/reference/'));
    const found = await inside?.evaluate(async () => {
      const tried = async (what: () => unknown): Promise<string> => {
        try {
          return `done: ${String(await what())}`;
        } catch (error) {
          return error instanceof Error ? error.name : 'refused';
        }
      };
      return {
        origin: self.origin,
        cookie: await tried(() => document.cookie),
        storage: await tried(() => localStorage.length),
        parent: await tried(() => parent.document.title),
        session: await tried(() => fetch('/ostiary.v1.PeopleService/WhoAmI', { method: 'POST' })),
        elsewhere: await tried(() => fetch('https://evil.example.com/')),
        scripts: document.querySelectorAll('#reference script').length,
        links: [...document.querySelectorAll('#reference a')]
          .map((link) => link.getAttribute('href') ?? '')
          .filter((href) => /^\s*javascript:/i.test(href)).length,
      };
    });
    expect(found).toMatchObject({
      origin: 'null',
      cookie: 'SecurityError',
      storage: 'SecurityError',
      parent: 'SecurityError',
      session: 'TypeError',
      elsewhere: 'TypeError',
      scripts: 0,
    });
    window.forgive(/Content Security Policy|evil\.example\.com|sandboxed/);
  }, 60_000);
});
