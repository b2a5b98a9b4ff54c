import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { closeBrowser } from './browser.ts';
import { Company } from './company.ts';
import { fillMonths } from './months.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';

const chromium = await partOrSkip('chromium');
const HOUR_S = 3600;

describe.skipIf(chromium === undefined)('analytics in a browser', () => {
  let site: Site;
  beforeAll(async () => {
    const company = new Company({ apis: 6, clients: 12 });
    const teams = { shop: { olga: 'owner' }, payments: {}, logistics: {}, people: {}, data: {} };
    site = await openSite({ teams: { platform: { ada: 'admin' }, ...teams }, documents: company.documents() });
    await site.restart(() =>
      fillMonths({
        dataDir: site.dataDir,
        company,
        nowMs: Date.now(),
        days: 2,
        gapS: [5 * HOUR_S, 4 * HOUR_S],
      }),
    );
  });
  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  test('are looked at closer and closer, down to the requests of a minute, by mouse and by keyboard', async () => {
    const ada = await site.window('ada');
    const { page } = ada;
    await ada.open('/analytics?last=6h');
    await page.locator('.chart-plot .u-over').first().waitFor();
    await page.getByText(/^No counts have come of/).waitFor();
    await page.getByText(/% of [\d,]+ decisions reported/).waitFor();
    await ada.axeInBoth();
    await ada.shot('analytics');

    // By dragging: what is looked at is in the address, and the browser goes back.
    const plot = page.locator('.chart-plot .u-over').first();
    await plot.hover({ position: { x: 200, y: 50 } });
    await page.mouse.down();
    await plot.hover({ position: { x: 300, y: 50 } });
    await page.mouse.up();
    await page.waitForURL(/from=.*until=/);
    await ada.settled();
    await page.goBack();
    await page.waitForURL(/last=6h$/);

    // By keys: a point tells what it is, and opens.
    const chart = page.getByRole('slider', { name: 'Requests', exact: true });
    await chart.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('PageUp');
    await page.keyboard.press('ArrowLeft');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/\d\d:\d\d – \d\d:\d\d: Requests [\d.]+\//);
    await page.keyboard.press('Enter');
    await page.waitForURL(/at=/);
    expect(await page.locator('.point').textContent()).toMatch(/[\d,]+ requests.*p95/);
    await ada.axe();
    await page.getByRole('link', { name: 'Sampled requests of this time' }).click();
    await page.getByRole('heading', { name: 'Sampled requests' }).waitFor();
    await ada.axe();
  });

  test('are narrowed by a row, compared with another time, read as a table and taken along as CSV', async () => {
    const ada = await site.window('ada');
    const { page } = ada;
    await ada.open('/analytics');
    const [first] = await page.locator('.breakdown .row-link').all();
    const name = await first?.textContent();
    await first?.click();
    await page.waitForURL(/where=api/);
    expect(await page.locator('.filter bdi').textContent()).toBe(name);
    await page.getByLabel('Compare with the week before').check();
    await page.waitForURL(/compare=week/);
    await ada.settled();

    const requests = page.locator('section', { has: page.locator('#requests-title') });
    await requests.getByRole('button', { name: 'Table' }).click();
    expect(await requests.locator('tbody tr').count()).toBeGreaterThan(100);
    expect(await requests.getByText('not known').count()).toBeGreaterThan(0);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      requests.getByRole('button', { name: 'as CSV' }).click(),
    ]);
    const [head, ...rows] = readFileSync(await file.path(), 'utf8')
      .trimEnd()
      .split('\r\n');
    expect(head).toBe('start,seconds,Requests,"Requests, a week before"');
    expect(rows.some((row) => /^\S+Z,600,[\d.]+,$/.test(row))).toBe(true);
    await page.getByRole('link', { name: /^Remove the filter/ }).click();
    await page.waitForURL(/\/analytics\?compare=week$/);
  });

  test('show an owner the requests of their own APIs, and say that they do', async () => {
    const olga = await site.window('olga');
    await olga.open('/analytics');
    await olga.page.getByText('Of your APIs and applications.').waitFor();
    const names = await olga.page.locator('.breakdown .row-link').allTextContents();
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((each) => !each.startsWith('shop/'))).toEqual([]);
  });

  test('of a time without requests say so, and where to look', async () => {
    const ada = await site.window('ada');
    await ada.open('/analytics?from=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z');
    await ada.page.getByText('No requests in this time').waitFor();
    await ada.axe();
    await ada.page.getByRole('link', { name: 'Look at the last 30 days' }).click();
    await ada.page.locator('.stats').waitFor();
  });

  test('have a map of who calls whom, which keys walk through, with the same as a list and as files', async () => {
    const ada = await site.window('ada');
    const { page } = ada;
    await ada.open('/graph');
    const map = page.getByRole('application', { name: 'Map of who calls whom' });
    await map.waitFor();
    await ada.axeInBoth();
    await ada.shot('graph');
    await map.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    const told = page.locator('.graph-map [role="status"]');
    expect(await told.textContent()).toMatch(
      /^API \w+\/[\w-]+; team \w+; called by \d+, [\d.]+\/(?:s|min|h); calls \d+/,
    );
    await page.keyboard.press('Enter');
    await page.waitForURL(/sel=api/);
    const details = page.locator('.graph-details');
    expect(await details.textContent()).toMatch(/of quota/);
    await ada.axe();
    await details.getByRole('link', { name: 'Only what is near' }).click();
    await page.waitForURL(/around=api/);
    await ada.settled();
    const near = await page.getByText(/^\d+ nodes, \d+ edges\./).textContent();
    await page.getByRole('link', { name: 'List' }).click();
    await page.waitForURL(/view=list/);
    const rows = await page.locator('.graph-body tbody tr').count();
    expect(near).toContain(`, ${rows} edges.`);
    await ada.axe();
    for (const [name, begins] of [
      ['SVG', '<svg xmlns'],
      ['PNG', '\u{fffd}PNG'],
      ['CSV', 'from_kind,from,to_kind,to,'],
    ] as const) {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name, exact: true }).click(),
      ]);
      expect(readFileSync(await file.path(), 'utf8').slice(0, 40)).toContain(begins);
    }
    await ada.open('/graph?team=people&errors=1&min=100');
    await page.getByText('Nobody called anybody').waitFor();
  });
});
