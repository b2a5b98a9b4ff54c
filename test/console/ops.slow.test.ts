import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { closeBrowser } from './browser.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const chromium = await partOrSkip('chromium');
const SCRIPT = '<img src=x onerror=alert(1)>‮';
const ORDERS = {
  apiVersion: 'ostiary.dev/v1alpha1',
  kind: 'Api',
  metadata: { name: 'orders', namespace: 'shop', displayName: SCRIPT },
  spec: {
    hosts: ['api.example.com'],
    basePath: '/orders',
    policies: [
      { policyRef: { name: 'client-id-enforcement' } },
      {
        policyRef: { name: 'rate-limiting' },
        config: { rateLimits: [{ maximumRequests: 500, timePeriodInMilliseconds: 1000 }] },
      },
    ],
  },
};

describe.skipIf(chromium === undefined)('those who operate it', () => {
  let site: Site;
  let node: string;
  beforeAll(async () => {
    const policies = scratchFolder('ops');
    writeFileSync(
      join(policies, 'ping.yaml'),
      'apiVersion: ostiary.dev/v1alpha1\nkind: Api\nmetadata: { name: ping }\nspec: { basePath: /ping }\n',
    );
    site = await openSite({
      teams: { platform: { ada: 'admin' }, shop: { olga: 'owner' } },
      documents: [ORDERS],
      policies,
      args: ['--drain-delay', '0s'],
    });
    const { sidecars } = await site.call<{ sidecars: readonly { node: string }[] }>('SidecarService/ListSidecars', {});
    node = sidecars[0]?.node ?? '';
  });
  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  test('go from a sidecar to why it refuses a request, and from there to who has changed what', async () => {
    const ada = await site.window('ada');
    const { page } = ada;
    await ada.open('/sidecars');
    await expect.poll(() => page.locator('td .badge.good').first().textContent()).toBe('in sync');
    await ada.axeInBoth();
    await ada.shot('ops-sidecars');
    await page.getByRole('link', { name: node }).click();
    await page.getByRole('heading', { name: node }).waitFor();
    await expect.poll(() => page.locator('.ops-facts').nth(1).textContent()).toContain('APIs');
    await ada.axeInBoth();
    await ada.shot('ops-sidecar');

    await page.getByRole('link', { name: 'Explain', exact: true }).first().click();
    const line = page.getByLabel('A line with curl');
    await line.fill("curl -sS 'https://api.example.com/orders/7' \\\n  -H 'client_id: nobody' --frobnicate");
    await expect.poll(() => page.locator('.ops-reading').textContent()).toContain('--frobnicate is not known');
    await page.getByRole('button', { name: 'Explain it' }).click();
    const verdict = page.getByRole('region', { name: 'The decision' });
    await expect.poll(() => verdict.getByRole('heading').first().textContent()).toMatch(/It is refused with 401/);
    await expect
      .poll(() => verdict.locator('.ops-steps > li').allTextContents())
      .toEqual([expect.stringContaining('denies'), expect.stringContaining('not reached')]);
    await ada.axeInBoth();
    await ada.shot('ops-explain');
    // What was typed has credentials.
    expect(page.url()).not.toContain('nobody');

    await ada.open('/audit?kind=Api');
    await expect.poll(() => page.locator('.ops-audit > li').count()).toBeGreaterThan(0);
    await page.getByText('What changed').first().click();
    await ada.axeInBoth();
    await ada.shot('ops-audit');
    await page.getByRole('button', { name: 'Verify the trail' }).click();
    await page.getByRole('button', { name: 'Verify now' }).click();
    await expect.poll(() => page.getByRole('dialog').textContent()).toContain('Everything is as it was written');
    await ada.axe();
    expect(await page.locator('img').count()).toBe(0);
  });

  test('see each of their views in every width, light and dark; others are told that they may not', async () => {
    const [ada, olga] = await Promise.all([site.window('ada'), site.window('olga')]);
    for (const address of [
      '/live',
      '/counters',
      '/users',
      '/users/local%3Aolga',
      '/tokens',
      '/teams',
      '/teams/platform/shop',
      '/alerts',
      '/alerts/shop/denied?new=yes',
      '/alerts/shop/denied?new=yes',
    ]) {
      await ada.open(address);
      await ada.axeInBoth();
      await ada.shot(`ops${address.replaceAll(/\W+/g, '-')}`);
      await olga.open(address);
      await olga.axe();
    }
    await olga.open('/sidecars');
    await expect.poll(() => olga.page.getByRole('alert').textContent()).toContain('You may not see this');
  });
});
