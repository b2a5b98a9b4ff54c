import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { AnalyticsService } from '../../gen/ostiary/v1/analytics_pb.js';
import type { AnalyticsDesk } from '../../src/operator/analytics-desk.ts';
import type { SlotRow } from '../../src/rollup/slot.ts';
import { scratchFolder } from '../real/scratch.ts';
import { KeptSlots, rowOf, slotOf } from '../rollup/kept-slots.ts';
import { apis } from './fixture.ts';

export const NOW = Date.UTC(2026, 10, 28, 12);
export const HOUR = 3_600_000;
const folder = scratchFolder('analytics-api');
const tokenFile = join(folder, 'token');
const TOKEN = 'a-token-of-at-least-16-characters';
writeFileSync(tokenFile, TOKEN);

export const SHOP = {
  api: 'orders',
  client: 'shop',
  contract: 'shop-orders',
  tier: 'gold',
  method: 'GET',
  service: 'backend',
};
export const TILL = { ...SHOP, client: 'till', contract: 'till-orders', tier: 'silver' };
export const OK = { status: '200', outcome: 'processed' };
const SPENT = { status: '429', outcome: 'blocked', policy: 'orders/0', reason: 'quota_spent', service: '' };
const FAILED = { status: '503', outcome: 'processed' };
const rows: readonly SlotRow[] = [
  rowOf({ ...SHOP, ...OK, source: 'spiffe://mesh/shop' }, 60),
  rowOf({ ...SHOP, ...SPENT }, 30),
  rowOf({ ...TILL, ...OK }, 8),
  rowOf({ ...TILL, ...FAILED }, 2, 80),
  rowOf({ api: 'health', method: 'GET', service: 'backend', status: '200', outcome: 'processed' }, 5),
];

/** Services of analytics whose history has one slot, ten minutes ago. */
export function analyticsApis() {
  const serve = apis();
  return async function ask(given: Partial<AnalyticsDesk> = {}) {
    const archive = new KeptSlots();
    archive.take(slotOf(NOW - 600_000, rows));
    const analytics = { archive, samples: undefined, ...given };
    const clock = { now: () => NOW, monotonic: () => performance.now() };
    const { url } = await serve({ tokenFile, analytics, clock });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const client = createClient(
      AnalyticsService,
      createGrpcTransport({
        baseUrl: url,
        interceptors: [
          (next) => (request) => {
            request.header.set('authorization', headers.authorization);
            return next(request);
          },
        ],
      }),
    );
    return { archive, client, url, headers, tokenFile };
  };
}
