import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { closeBrowser } from './browser.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const chromium = await partOrSkip('chromium');

describe.skipIf(chromium === undefined)('the console in a browser', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite({ teams: { platform: { ada: 'admin' }, shop: { dave: 'developer' } } });
  });
  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  test('opens for whoever has logged in, and nothing of it comes from elsewhere', async () => {
    const ada = await site.window('ada');
    await ada.open('/catalog');
    expect(await ada.page.title()).toBe('Catalog – ostiary');
    expect(await ada.page.locator('header.bar').textContent()).toContain('ada');
    await ada.axeInBoth();
    await ada.shot('catalog-empty');
  });
});
