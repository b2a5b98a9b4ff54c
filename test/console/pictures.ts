// `npm run console:pictures`: pictures of every main view, with a company's data, into docs/console/.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closeBrowser } from './browser.ts';
import type { Window } from './browser.ts';
import { documents, TEAMS } from './furniture.ts';
import { writePastDay } from './past-day.ts';
import { openSite } from './site.ts';
import { VIEWS } from './views.ts';

const folder = join(import.meta.dirname, '../../docs/console');
const MOST_BYTES = 150_000;
const SIZES = {
  desk: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;

const { values } = parseArgs({ options: { only: { type: 'string' } } });

async function picture({ page }: Window, name: string): Promise<void> {
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${(size / 1000).toFixed(0).padStart(6)} kB  ${name}`);
  if (size > MOST_BYTES) throw new Error(`${name}.png has more than ${MOST_BYTES / 1000} kB`);
}

mkdirSync(folder, { recursive: true });
const site = await openSite({ teams: TEAMS, documents: documents(), before: writePastDay });
try {
  for (const view of VIEWS) {
    if (values.only !== undefined && !view.name.includes(values.only)) continue;
    const window = await site.window(view.who);
    const { page } = window;
    await page.setViewportSize(SIZES[view.size ?? 'desk']);
    await page.emulateMedia({ colorScheme: view.scheme ?? 'light' });
    await window.open(view.path);
    await view.show?.(page);
    await window.settled();
    await picture(window, view.name);
    await window.close();
  }
} finally {
  await site.close().catch((error: unknown) => console.error(String(error)));
  await closeBrowser();
}
