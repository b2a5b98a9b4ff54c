import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { closeBrowser } from './browser.ts';
import { document, DOCUMENTS, SCRIPT, SPECIFICATION } from './shop.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const chromium = await partOrSkip('chromium');

describe.skipIf(chromium === undefined)('those who own APIs', () => {
  let site: Site;
  beforeAll(async () => {
    const policies = scratchFolder('owners');
    writeFileSync(
      join(policies, 'ping.yaml'),
      'apiVersion: ostiary.dev/v1alpha1\nkind: Api\nmetadata: { name: ping }\nspec: { basePath: /ping }\n',
    );
    site = await openSite({
      teams: { shop: { olga: 'owner', oskar: 'owner' }, partners: { paul: 'developer' } },
      documents: DOCUMENTS,
      policies,
      args: ['--drain-delay', '0s'],
    });
  });
  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  const revisionOf = async (): Promise<string> => {
    const { resource } = await site.call<{ resource: { revision: string } }>('ResourceService/Get', {
      kind: 'Api',
      namespace: 'shop',
      name: 'orders',
    });
    return resource.revision;
  };
  const policiesNow = async () => {
    const { resource } = await site.call<{ resource: { document: { spec: { policies: readonly object[] } } } }>(
      'ResourceService/Get',
      { kind: 'Api', namespace: 'shop', name: 'orders' },
    );
    return resource.document.spec.policies;
  };

  test('find each of their views in order, in every width, light and dark', async () => {
    const olga = await site.window('olga');
    await site.call('ContractService/Request', {
      namespace: 'shop',
      name: 'portal-orders',
      clientApplication: 'partners/portal',
      api: 'orders',
      tier: 'silver',
      reason: SCRIPT,
    });
    const views = [
      '',
      '/policies',
      '/policies?edit=1',
      '/tiers',
      '/contracts',
      '/specification',
      '/settings',
      '/history',
    ];
    const addresses = ['/apis', '/requests', '/apis/new', ...views.map((tab) => `/apis/shop/orders${tab}`)];
    for (const address of addresses) {
      await olga.open(address);
      await olga.axeInBoth();
      await olga.shot(`owners${address.replaceAll(/\W+/g, '-')}`);
    }
    expect(await olga.page.locator('img').count()).toBe(0);
  });

  test('change a policy by form and as YAML, see whom it concerns, and which sidecars enforce it', async () => {
    const olga = await site.window('olga');
    const { page } = olga;
    await olga.open('/apis/shop/orders/policies?edit=1');
    const yaml = page.getByLabel('The document as YAML');
    const most = page.getByLabel('Maximum requests').first();
    await most.fill('-1');
    await expect.poll(() => page.locator('.own-form .fault').first().textContent()).toContain('at least 0');
    await expect.poll(() => page.locator('.own-gutter .faulty').count()).toBe(1);
    await most.fill('250');
    await expect.poll(() => yaml.inputValue()).toContain('maximumRequests: 250');
    // The same text, from the other side, with a comment that stays.
    await yaml.fill((await yaml.inputValue()).replace('maximumRequests: 250', 'maximumRequests: 260 # as agreed'));
    await expect.poll(() => most.inputValue()).toBe('260');
    await page.getByLabel('Only watch (shadow)').check();
    await expect
      .poll(() => yaml.inputValue())
      .toMatch(/mode: shadow[^]*260 # as agreed|260 # as agreed[^]*mode: shadow/);
    await page.getByRole('button', { name: 'Review and save' }).click();
    const dialog = page.getByRole('dialog');
    await expect.poll(() => dialog.textContent()).toMatch(/1 client application.*shop\/web/);
    await olga.axe();
    await olga.shot('owners-review');
    await dialog.getByLabel('Reason').fill('fewer at once');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => page.locator('.own-receipt').textContent()).toMatch(/1 of 1 sidecar enforces it/);
    expect(await policiesNow()).toMatchObject([
      {},
      { mode: 'shadow', config: { rateLimits: [{ maximumRequests: 260 }] } },
    ]);
  });

  test('add a policy and move it by the keyboard', async () => {
    const olga = await site.window('olga');
    const { page } = olga;
    await olga.open('/apis/shop/orders/policies');
    await page.getByRole('button', { name: 'Add a policy' }).click();
    await page.getByLabel('Search policies').fill('addresses blocklist');
    await olga.axe();
    await page.getByRole('button', { name: /^IP blocklist/ }).click();
    await page.getByRole('button', { name: 'All policies' }).click();
    await page.getByRole('button', { name: 'Move IP blocklist up' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Alt+ArrowUp');
    await expect
      .poll(() => page.locator('.own-policies').first().locator('li').first().textContent())
      .toContain('IP blocklist');
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await expect.poll(async () => (await policiesNow())[0]).toMatchObject({ policyRef: { name: 'ip-blocklist' } });
  });

  test('lose nothing where two of them change the same', async () => {
    const [olga, oskar] = [await site.window('olga'), await site.window('oskar')];
    for (const [window, path, name] of [
      [olga, '/of-olga', 'Orders of Olga'],
      [oskar, '/of-oskar', undefined],
    ] as const) {
      await window.open('/apis/shop/orders/settings');
      await window.page.getByLabel('Base path').fill(path);
      if (name !== undefined) await window.page.getByLabel('Display name').fill(name);
    }
    const before = await revisionOf();
    await oskar.page.getByRole('button', { name: 'Review and save' }).click();
    await oskar.page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await expect.poll(revisionOf).not.toBe(before);
    // Whatever she does next, she hears of it, with both.
    await olga.page.getByLabel('Display name').press('End');
    await olga.page.getByLabel('Display name').pressSequentially('!');
    const dialog = olga.page.getByRole('dialog');
    await expect.poll(() => dialog.textContent()).toMatch(/Somebody else has changed this.*\/of-oskar.*\/of-olga/);
    await olga.axe();
    await olga.shot('owners-collision');
    await dialog.getByLabel('Yours').check();
    await dialog.getByRole('button', { name: 'Go on with both' }).click();
    expect(await olga.page.getByLabel('Base path').inputValue()).toBe('/of-olga');
    expect(await olga.page.getByLabel('Display name').inputValue()).toBe('Orders of Olga!');
    await olga.page.getByRole('button', { name: 'Review and save' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => olga.page.locator('.own-receipt').textContent()).toContain('1 of 1');
  });

  test('approve who asks, and revoke with the receipt of the sidecars', async () => {
    const olga = await site.window('olga');
    const { page } = olga;
    await olga.open('/requests');
    await page.getByRole('button', { name: 'Approve partners/portal for orders' }).click();
    await olga.axe();
    await page.getByRole('dialog').getByLabel('Comment').fill('welcome');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => page.locator('.own-done').textContent()).toMatch(/was approved.*1 of 1/);
    await olga.open('/apis/shop/orders/contracts');
    await page.getByRole('button', { name: 'partners/portal' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Revoke…' }).click();
    await dialog.getByLabel('Reason').fill('no longer used');
    await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect.poll(() => dialog.textContent()).toMatch(/Revoked.*1 of 1 sidecar enforces it/);
    await expect.poll(() => dialog.getByRole('button', { name: 'Restore…' }).count()).toBe(1);
    await olga.shot('owners-revoked');
  });

  test('make an API from its specification', async () => {
    const olga = await site.window('olga');
    const { page } = olga;
    await olga.open('/apis/new?from=specification');
    await page.getByLabel('The specification').fill(SPECIFICATION);
    await olga.axe();
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => page.getByLabel('The document as YAML').inputValue()).toContain('basePath: /returns');
    await olga.axe();
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.waitForURL('**/apis/shop/returns-of-goods');
    const key = { namespace: 'shop', name: 'returns-of-goods' };
    expect(await site.call('ResourceService/Get', { kind: 'Specification', ...key })).toMatchObject({
      resource: { document: { spec: { text: SPECIFICATION } } },
    });
    expect(await site.call('ResourceService/Get', { kind: 'Api', ...key })).toMatchObject({
      resource: { document: { spec: { routes: [{ methods: ['GET', 'DELETE'], path: '/{id}' }] } } },
    });
  });

  test('give an API another specification, and see what that changes', async () => {
    const olga = await site.window('olga');
    const { page } = olga;
    await olga.open('/apis/shop/orders/specification');
    await page.getByRole('button', { name: 'Add a specification' }).click();
    await page.getByLabel('The specification').fill(SPECIFICATION);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('button', { name: 'Review and save' }).click();
    const dialog = page.getByRole('dialog');
    await expect.poll(() => dialog.textContent()).toMatch(/Routes.*Specification orders new/s);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => page.locator('.own-spec').textContent()).toContain('Returns of goods');
  });

  test('see what is kept in Git, and where to change it', async () => {
    const kept = document('Api', 'in-git', { basePath: '/in-git' });
    const source = 'https://git.example.com/shop';
    await site.call('ResourceService/Apply', { documents: [{ document: kept }], owner: 'git', source });
    const olga = await site.window('olga');
    await olga.open('/apis/shop/in-git/settings');
    await expect.poll(() => olga.page.locator('.own-note').textContent()).toContain(`kept in Git, at ${source}`);
    expect(await olga.page.getByLabel('Base path').isDisabled()).toBe(true);
  });
});
