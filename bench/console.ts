// How long views take with 10,000 APIs, 10,000 applications and 100,000 contracts, in a real browser on loopback:
//   node bench/console.ts
import { randomBytes } from 'node:crypto';
import { median, wholeCompany } from './company.ts';
import type { CompanyDocument } from './company.ts';
import { systemClock, systemTimers } from '../src/clock.ts';
import type { Write } from '../src/registry/log.ts';
import { openRegistry } from '../src/registry/open.ts';
import { closeBrowser } from '../test/console/browser.ts';
import type { Window } from '../test/console/browser.ts';
import { openSite } from '../test/console/site.ts';

const BATCH = 5000;
const ROUNDS = 5;
/** Who looks at which view first, and goes where by the menu. */
const PLACES: readonly (readonly [who: string, path: string])[] = [
  ['dana', '/catalog'],
  ['dana', '/applications'],
  ['dana', '/contracts'],
  ['olga', '/apis'],
  ['olga', '/requests'],
  ['ada', '/apis'],
  ['ada', '/analytics'],
];

async function writeCompany(dataDir: string): Promise<void> {
  const ports = { clock: systemClock, timers: systemTimers, random: Math.random, randomBytes };
  const { registry, close } = await openRegistry({ dataDir, databaseUrl: undefined }, ports);
  const documents = wholeCompany().map(published);
  for (let at = 0; at < documents.length; at += BATCH) {
    const writes = documents.slice(at, at + BATCH).map((document): Write => {
      const { kind, metadata } = document;
      return { key: { kind, namespace: metadata.namespace, name: metadata.name }, document, owner: 'api', set: '' };
    });
    await registry.write(writes, { actor: 'bench', reason: '' });
  }
  await close();
}

/** Every API is in the catalog; each fiftieth contract waits. */
function published(document: CompanyDocument, at: number): CompanyDocument {
  const { kind, metadata, spec } = document;
  if (kind === 'Api')
    return { ...document, metadata: Object.assign({ lifecycle: 'published', visibility: 'internal' }, metadata) };
  return kind === 'Contract' && at % 50 === 0 ? { ...document, spec: { ...spec, status: 'pending' } } : document;
}

/** Until nothing is loading, as the page's own clock has it. @param href clicked; undefined: the page itself was opened */
function untilShown({ page }: Window, href?: string): Promise<number> {
  return page.evaluate(async (to) => {
    const began = to === undefined ? 0 : performance.now();
    if (to !== undefined) document.querySelector<HTMLElement>(`nav.menu a[href="${to}"]`)?.click();
    const isShown = (): boolean =>
      (to === undefined || location.pathname === to) &&
      document.querySelector('main h1') !== null &&
      document.querySelector('main .loading') === null;
    // What was there before is drawn over in the next turn.
    do await new Promise(requestAnimationFrame);
    while (!isShown());
    return performance.now() - began;
  }, href);
}

const site = await openSite({
  before: writeCompany,
  teams: { platform: { ada: 'admin' }, 'team-7': { olga: 'owner', dana: 'developer' } },
});
const told = (what: string, times: readonly number[]): void => {
  const [middle, longest] = [median(times), Math.max(...times)].map((ms) => `${ms.toFixed(0)} ms`);
  console.log(`${what.padEnd(52)} median ${middle}, longest ${longest}`);
};
try {
  for (const [who, path] of PLACES) {
    const firsts: number[] = [];
    const clicks: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Each in a window that has nothing yet.
      const window = await site.window(who);
      await window.page.goto(path);
      firsts.push(await untilShown(window));
      const isInMenu = (await window.page.locator(`nav.menu a[href="${path}"]`).count()) > 0;
      if (isInMenu) {
        await window.open('/nothing-is-here');
        clicks.push(await untilShown(window, path));
      }
      await window.close();
    }
    told(`${who} opens ${path}`, firsts);
    if (clicks.length > 0) told(`${who} goes to ${path} by the menu`, clicks);
  }
} finally {
  await site.close().catch((error: unknown) => console.error(String(error)));
  await closeBrowser();
}
