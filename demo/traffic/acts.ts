import { setTimeout as sleep } from 'node:timers/promises';
import type { Callers } from './callers.ts';
import type { Health } from './services.ts';

/** What happens in the story's hour. */
export interface Act {
  /** Minutes of the story. */
  readonly from: number;
  readonly happens: string;
  change?(this: void, health: Health): void;
}

export const MINUTES = 60;

export const acts: readonly Act[] = [
  {
    from: 0,
    happens: 'An ordinary hour begins. The web shop and the mobile app call the catalog, orders and payments.',
  },
  { from: 10, happens: 'partner-import begins to post orders, faster than its tier allows: 30 in a minute.' },
  {
    from: 20,
    happens: 'A new version of the service orders-v7 goes out. It is broken.',
    change: (health) => {
      health.ordersFailing = 0.6;
    },
  },
  {
    from: 32,
    happens: 'The version is taken back.',
    change: (health) => {
      health.ordersFailing = 0;
    },
  },
  {
    from: 36,
    happens: 'Searching the catalog becomes slow. The mobile app gives up after half a second.',
    change: (health) => {
      health.searchMs = 1500;
    },
  },
  { from: 45, happens: 'loyalty-app is released. It pays, and has no contract for that.' },
];

interface Flow {
  readonly client: string;
  readonly userAgent: string;
  readonly method?: string;
  readonly path: (count: number) => string;
  readonly perSecond: number;
  readonly from?: number;
  readonly until?: number;
  readonly patienceMs?: number;
}

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const APP = 'okhttp/5.1.0';
const product = (count: number): string => `/catalog/products/${1000 + (count % 90)}`;
const order = (count: number): string => `/orders/${4711 + (count % 300)}`;

const flows: readonly Flow[] = [
  { client: 'web-shop', userAgent: BROWSER, path: product, perSecond: 12 },
  { client: 'web-shop', userAgent: BROWSER, path: order, perSecond: 6 },
  { client: 'web-shop', userAgent: BROWSER, method: 'POST', path: () => '/payments', perSecond: 2 },
  {
    client: 'mobile-app',
    userAgent: APP,
    path: (count) => `/catalog/search?q=shoes&page=${count}`,
    perSecond: 5,
    patienceMs: 500,
  },
  { client: 'mobile-app', userAgent: APP, path: order, perSecond: 3 },
  { client: '', userAgent: 'Googlebot/2.1', path: order, perSecond: 0.5 },
  { client: '', userAgent: 'python-requests/2.32', path: (count) => `/stock/${count}`, perSecond: 1 },
  {
    client: 'partner-import',
    userAgent: 'Java/21',
    method: 'POST',
    path: () => '/orders',
    perSecond: 12,
    from: 10,
    until: 30,
  },
  { client: 'loyalty-app', userAgent: APP, method: 'POST', path: () => '/payments', perSecond: 3, from: 45 },
];

const TICK_MS = 50;

interface Audience {
  /** An act begins. */
  tell(this: void, act: Act): void;
  /** It is this minute of the story, with its part: about twenty times a second. */
  tick(this: void, minute: number): void;
}

/**
 * Plays the hour.
 * @param seconds how long it takes
 */
export async function playActs(
  callers: Callers,
  health: Health,
  seconds: number,
  { tell, tick }: Audience,
): Promise<void> {
  const begun = performance.now();
  const waiting = [...acts];
  const sent = flows.map(() => 0);
  for (;;) {
    const passed = (performance.now() - begun) / 1000;
    const minute = Math.min(MINUTES, (passed / seconds) * MINUTES);
    while (waiting[0] !== undefined && waiting[0].from <= minute) {
      const act = waiting.shift();
      act?.change?.(health);
      if (act !== undefined) tell(act);
    }
    for (const [at, flow] of flows.entries()) {
      const { client, userAgent, method = 'GET', path, perSecond, from = 0, until = MINUTES, patienceMs } = flow;
      const due = Math.floor((((Math.min(minute, until) - from) * seconds) / MINUTES) * perSecond);
      for (let count = sent[at] ?? 0; count < due; count++) {
        callers.send({ client, userAgent, method, path: path(count), ...(patienceMs !== undefined && { patienceMs }) });
        sent[at] = count + 1;
      }
    }
    if (minute >= MINUTES) break;
    tick(minute);
    await sleep(TICK_MS);
  }
  while (callers.underWay > 0) await sleep(TICK_MS);
}
