import { afterAll, beforeAll, describe, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { closeBrowser } from './browser.ts';
import type { Window } from './browser.ts';
import { documents, TEAMS } from './furniture.ts';
import { writePastDay } from './past-day.ts';
import { openSite } from './site.ts';
import type { Site } from './site.ts';
import { VIEWS } from './views.ts';

const chromium = await partOrSkip('chromium');
/** What is the same view in another size or scheme is looked at in all of them anyway. */
const OWN = VIEWS.filter(({ scheme, size }) => scheme === undefined && size === undefined);

describe.skipIf(chromium === undefined)('every view of the console', () => {
  let site: Site;
  const windows = new Map<string, Promise<Window>>();
  const windowOf = (who: string): Promise<Window> => {
    const window = windows.get(who) ?? site.window(who);
    windows.set(who, window);
    return window;
  };
  beforeAll(async () => {
    site = await openSite({ teams: TEAMS, documents: documents(), before: writePastDay });
  });
  afterAll(async () => {
    await site?.close();
    await closeBrowser();
  });

  test.each(OWN)('$name: axe finds nothing in light and dark, and it fits 360, 768 and 1440 px', async (view) => {
    const window = await windowOf(view.who);
    await window.open(view.path);
    await view.show?.(window.page);
    await window.settled();
    await window.axeInBoth();
    await window.shot(view.name);
  });
});
