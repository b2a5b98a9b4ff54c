import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { closeBrowser } from './browser.ts';
import type { Window } from './browser.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const chromium = await partOrSkip('chromium');
const HEADER = { apiVersion: 'ostiary.dev/v1alpha1' };
/** Turns what follows around, where it is not kept apart. */
const TURNED = '\u202e';
const MARKUP = `<img src=x onerror=alert(1)><script>alert(2)</script>`;
const NAME = `${TURNED}evil"'${MARKUP}`;
const LONG = `${TURNED}${'x'.repeat(250)}`;
const DESCRIPTION =
  `${MARKUP}\n\n[click](javascript:alert(3)) [here](data:text/html,<script>alert(4)</script>) ` +
  `![picture](https://evil.example.com/x.png) <iframe src="https://evil.example.com"></iframe> ${'long'.repeat(700)}`;
const TIERS = [{ name: 'silver', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] }];

function apiOf(name: string, displayName: string): object {
  const metadata = { name, namespace: 'shop', displayName, description: DESCRIPTION, lifecycle: 'published' };
  return {
    ...HEADER,
    kind: 'Api',
    metadata: { ...metadata, visibility: 'internal', specification: 'hostile' },
    spec: { basePath: `/${name}`, tiers: TIERS },
  };
}

const DOCUMENTS = [
  {
    ...HEADER,
    kind: 'Specification',
    metadata: { name: 'hostile', namespace: 'shop' },
    spec: {
      format: 'openapi',
      text: `openapi: 3.1.0\ninfo: { title: '${MARKUP.replaceAll("'", '')}', version: v1 }\n`,
    },
  },
  apiOf('evil', NAME),
  apiOf('long', LONG),
  {
    ...HEADER,
    kind: 'ClientApplication',
    metadata: { name: 'app', namespace: 'shop', displayName: NAME },
    spec: { clientId: 'app' },
  },
];
const VIEWS = [
  '/catalog',
  '/catalog/shop/evil',
  '/catalog/shop/evil?tab=access',
  '/applications',
  '/applications/shop/app',
  '/contracts',
  '/apis',
  '/apis/shop/evil',
  '/apis/shop/evil/settings',
  '/apis/shop/evil/specification',
  '/apis/shop/long',
  '/apis/shop/evil/contracts',
  '/apis/shop/evil/history',
  '/requests',
  '/graph',
  '/analytics',
  `/analytics?q=${encodeURIComponent(NAME)}`,
  `/apis/${encodeURIComponent(NAME)}/${encodeURIComponent(MARKUP)}`,
];

describe.skipIf(chromium === undefined)('what somebody else has written', () => {
  let site: Site;
  let olga: Window;
  const alerts: string[] = [];
  beforeAll(async () => {
    site = await openSite({ teams: { shop: { olga: 'owner', sven: 'developer' } }, documents: DOCUMENTS });
    const asked = { namespace: 'shop', clientApplication: 'app', api: 'evil', tier: 'silver', reason: NAME };
    await site.call('ContractService/Request', asked);
    olga = await site.window('olga');
    olga.page.on('dialog', (dialog) => {
      alerts.push(dialog.message());
      void dialog.dismiss();
    });
  });
  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  /** Elements that text has become, and turned text that turns what is around it. */
  const found = (): Promise<readonly string[]> =>
    olga.page.evaluate((turned) => {
      const made = [...document.querySelectorAll('img, iframe:not(.reference-frame), script:not([src]), [onerror]')];
      const links = [...document.querySelectorAll('a[href]')].filter(
        (each) => !/^https?:$/.test((each as HTMLAnchorElement).protocol),
      );
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const loose: string[] = [];
      while (texts.nextNode() !== null) {
        const { parentElement, textContent } = texts.currentNode;
        if (textContent?.includes(turned) !== true || parentElement === null) continue;
        const isApart = parentElement.closest('bdi, option, textarea, pre, code, blockquote, td, svg') !== null;
        if (!isApart) loose.push(`loose: ${parentElement.outerHTML.slice(0, 120)}`);
      }
      return [...made, ...links].map((each) => each.outerHTML.slice(0, 200)).concat(loose);
    }, TURNED);

  test.each(VIEWS)('is text, at %s', async (path) => {
    await olga.page.goto(path);
    await olga.page.locator('h1, .state h2').first().waitFor();
    await olga.settled();
    expect(await found()).toEqual([]);
    await olga.shot(`hostile-${path.replaceAll(/\W+/g, '-').slice(0, 40)}`);
    expect(alerts).toEqual([]);
    // It is there, as it was written.
    if (path === '/requests') expect(await olga.page.locator('main').textContent()).toContain(NAME);
    if (path === '/apis/shop/evil') expect(await olga.page.locator('main').textContent()).toContain(MARKUP);
  });

  test('is text in the palette, and what is typed there too', async () => {
    const { page } = olga;
    await olga.open('/catalog');
    await page.keyboard.press('/');
    await page.keyboard.insertText('evil');
    await page.getByRole('option').first().waitFor();
    expect(await found()).toEqual([]);
    await page.getByRole('combobox').fill(MARKUP.repeat(20));
    await page.getByText('Nothing has this name').waitFor();
    await olga.shot('hostile-palette');
    expect(alerts).toEqual([]);
  });
});
