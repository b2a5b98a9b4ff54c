import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axeCore from 'axe-core';
import type { AxeResults, RunOptions } from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { realPart } from '../real/parts.ts';

/** Widths that every view is looked at in: a phone, a tablet, a desk. */
export const WIDTHS = [360, 768, 1440] as const;
export const SCHEMES = ['light', 'dark'] as const;

/** WCAG 2.2 AA, and what axe takes for good practice. */
const RULES: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
};
const HEIGHT = 900;
const PATIENCE_MS = 15_000;

/** One browser a worker: windows of it know nothing of each other. */
let launched: Promise<Browser> | undefined;

async function launch(): Promise<Browser> {
  const executablePath = await realPart('chromium');
  // Root has no sandbox of Chromium's, and small machines have little shared memory.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** Ends the browser of this worker, if there is one. */
export async function closeBrowser(): Promise<void> {
  const browser = await launched?.catch(() => undefined);
  launched = undefined;
  await browser?.close();
}

/** A window of somebody who looks at a control plane. What goes wrong in it is kept as a fault, until it is expected. */
export class Window {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly url: string;
  readonly #faults: string[] = [];

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.context = context;
    this.page = page;
    this.url = url;
  }

  /** @param url of the control plane: a request for anything else is a fault, and is not let out */
  static async open(url: string): Promise<Window> {
    launched ??= launch();
    const browser = await launched;
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width: 1440, height: HEIGHT },
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const window = new Window(context, page, url);
    await window.#watch();
    return window;
  }

  async #watch(): Promise<void> {
    const { context, page, url } = this;
    const { origin } = new URL(url);
    await context.route(
      (asked) => asked.origin !== origin && /^https?:$/.test(asked.protocol),
      (route) => {
        this.#faults.push(`a request for ${route.request().url()}`);
        return route.abort();
      },
    );
    page.on('pageerror', (error) => this.#faults.push(`an error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      // That a call was refused is for the page to tell, and no fault of it.
      const isOfCall = message.location().url.includes('/ostiary.v1.');
      if (isOfCall && message.text().startsWith('Failed to load resource')) return;
      // A violation of the policy is told here too.
      this.#faults.push(`in the log: ${message.text()} (${message.location().url})`);
    });
    page.on('crash', () => this.#faults.push('the page has crashed'));
  }

  /** Goes to an address of the console, and waits until it has drawn a title. */
  async open(path: string): Promise<void> {
    await this.page.goto(path);
    await this.page.locator('h1').first().waitFor();
    await this.settled();
  }

  /** Waits until nothing is loading any more. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector('[aria-busy="true"], .loading') === null);
  }

  /** What axe finds at this moment is a failure, with the places. */
  async axe(): Promise<void> {
    const { page } = this;
    // Not as an element of the page, which its policy would refuse.
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeCore.source);
    const found = await page.evaluate(async (rules) => {
      const { axe } = globalThis as unknown as { axe: { run(where: Document, how: unknown): Promise<AxeResults> } };
      const { violations } = await axe.run(document, rules);
      return violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ html, failureSummary = '' }) => `${id}: ${help}\n  ${html.slice(0, 300)}\n  ${failureSummary}`),
      );
    }, RULES as unknown);
    if (found.length > 0) throw new Error(`axe at ${page.url()}:\n${found.join('\n')}`);
  }

  /** {@link axe} in light and in dark. */
  async axeInBoth(): Promise<void> {
    for (const colorScheme of SCHEMES) {
      await this.page.emulateMedia({ colorScheme });
      await this.axe();
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
  }

  /**
   * Looks at the page in every width, light and dark: nothing may be wider than the window. The pictures lie in the
   * folder that the variable SHOTS names; without it none is taken.
   */
  async shot(name: string): Promise<void> {
    const { page } = this;
    const folder = process.env['SHOTS'];
    const before = page.viewportSize();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      const wide = await tooWide(page);
      if (wide.length > 0) throw new Error(`${page.url()} at ${width} px is wider than the window: ${wide.join(', ')}`);
      if (folder === undefined) continue;
      mkdirSync(folder, { recursive: true });
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        writeFileSync(join(folder, `${name}-${width}-${colorScheme}.png`), await page.screenshot());
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    if (before !== null) await page.setViewportSize(before);
  }

  /** What went wrong so far. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Forgets faults that a test has brought about, such as those of a control plane that was stopped. */
  forgive(pattern: RegExp): void {
    const left = this.#faults.filter((each) => !pattern.test(each));
    this.#faults.splice(0, this.#faults.length, ...left);
  }

  /** @throws Error (rejects with it) where anything went wrong that was not forgiven */
  async close(): Promise<void> {
    await this.context.close();
    if (this.#faults.length > 0) throw new Error(`faults of a window: ${this.#faults.join('\n')}`);
  }
}

/** What makes a page scroll sideways. */
function tooWide(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter((each) => {
      return each.getBoundingClientRect().right > root.clientWidth + 1 && each.closest('.scrolls') === null;
    });
    return wide.slice(0, 5).map((each) => `${each.tagName.toLowerCase()}.${each.className}`);
  });
}
