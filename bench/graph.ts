// How long the graph of a company takes: to be answered and laid out, while others ask; and to be moved in a browser.
// GRAPH_APIS, GRAPH_CLIENTS: its size.
import { Worker } from 'node:worker_threads';
import { closeBrowser } from '../test/console/browser.ts';
import { Company } from '../test/console/company.ts';
import { fillMonths } from '../test/console/months.ts';
import { openSite } from '../test/console/site.ts';
import { median } from './timing.ts';

const APIS = Number(process.env['GRAPH_APIS'] ?? 220);
const CLIENTS = Number(process.env['GRAPH_CLIENTS'] ?? 700);
const ROUNDS = 7;
const PAN_STEPS = 120;
const DAY = { last: '86400s' };

interface GraphAnswer {
  readonly nodes?: readonly object[];
  readonly edges?: readonly object[];
}

const company = new Company({ apis: APIS, clients: CLIENTS });
const site = await openSite({ teams: { platform: { ada: 'admin' } } });
try {
  await site.restart(() => fillMonths({ dataDir: site.dataDir, company, nowMs: Date.now(), days: 1, isOfHours: true }));
  await measureServer();
  await measurePage();
} finally {
  await site.close();
  await closeBrowser();
}

/** Somebody else's calls meanwhile: how long the slowest waits is how long the control plane did nothing else. */
async function measureServer(): Promise<void> {
  for (const layout of [false, true]) {
    const times: number[] = [];
    const waits: number[] = [];
    let size = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      const probing = probe();
      const begun = performance.now();
      const { nodes = [], edges = [] } = await site.call<GraphAnswer>('AnalyticsService/Graph', {
        time: DAY,
        limit: 1000,
        layout,
      });
      times.push(performance.now() - begun);
      waits.push(await probing.end());
      size = `${nodes.length} nodes, ${edges.length} edges`;
    }
    const name = layout ? 'answered and laid out' : 'answered';
    console.log(`${name.padEnd(24)} ${ms(times)}; the slowest other call meanwhile ${ms(waits)}  (${size})`);
  }
}

/** In a thread of its own, which the answer that this one reads does not hold up. */
function probe(): { readonly end: () => Promise<number> } {
  const worker = new Worker(new URL('./probe.ts', import.meta.url), {
    workerData: { url: site.url, token: site.env.OSTIARY_TOKEN },
  });
  return {
    end() {
      const { promise, resolve } = Promise.withResolvers<number>();
      worker.once('message', resolve);
      worker.postMessage('end', []);
      return promise;
    },
  };
}

/** Script of one step: the handler of the pointer, and what is drawn in the frame after it. */
async function measurePage(): Promise<void> {
  const window = await site.window('ada');
  const { page } = window;
  await window.open('/graph?edges=1000');
  const canvas = page.locator('canvas.graph-canvas');
  await canvas.waitFor();
  const told = await page.locator('.analytics-known').textContent();
  for (const zoom of ['where names can be read', 'as a whole']) {
    if (zoom === 'as a whole') await page.getByRole('button', { name: 'Fit' }).click();
    const { handlers, paints } = await canvas.evaluate(pan, PAN_STEPS);
    console.log(
      `a pan step, ${zoom}: the handler ${ms(handlers)} at most ${Math.max(...handlers).toFixed(2)} ms; the drawing ${ms(paints)} at most ${Math.max(...paints).toFixed(2)} ms  (${told?.replace(/^.*filters\./, '')})`,
    );
  }
}

/** Runs in the page. */
async function pan(
  target: Element,
  steps: number,
): Promise<{ readonly handlers: number[]; readonly paints: number[] }> {
  const handlers: number[] = [];
  const at = (type: string, x: number): void => {
    const init = { pointerId: 1, clientX: x, clientY: 500, bubbles: true, isPrimary: true };
    target.dispatchEvent(new PointerEvent(type, init));
  };
  // There is no pointer that could be held.
  target.setPointerCapture = () => {};
  at('pointerdown', 600);
  performance.clearMeasures('graph-paint');
  for (let step = 0; step < steps; step += 1) {
    const begun = performance.now();
    at('pointermove', 600 + ((step * 7) % 300));
    handlers.push(performance.now() - begun);
    await new Promise(requestAnimationFrame);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  at('pointerup', 600);
  return { handlers, paints: performance.getEntriesByName('graph-paint').map(({ duration }) => duration) };
}

function ms(times: readonly number[]): string {
  return `${median(times).toFixed(median(times) < 10 ? 2 : 0)} ms`;
}
