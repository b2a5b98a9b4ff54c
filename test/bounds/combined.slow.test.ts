import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { openShop } from '../../bench/shop.ts';
import { RawClient } from '../grpc/client.ts';
import { sample } from '../http2/process-growth.ts';
import { askOnce } from '../http2/soak-callers.ts';
import { bundledAsInImage } from '../real/bundle.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { apiAttacks, grpcAttacks, Held } from './attacks.ts';

/** The chart's limit. Without bounds the same attacks take more than 2 GB. */
const MOST_MEGABYTES = 384;

let ostiary: RealOstiary | undefined;
const held = new Held();
let watching: NodeJS.Timeout | undefined;
afterEach(async () => {
  clearInterval(watching);
  held.close();
  await ostiary?.stop();
});

it('all attacks together leave the process its memory, others their answers, and operators their listener', async () => {
  const { policies, checkOf } = await openShop(100);
  ostiary = await startOstiary({ policies, args: ['--log-level', 'silent'], ...bundledAsInImage() });
  const { pid, listen, adminUrl, apiUrl } = ostiary;
  const port = Number(listen.split(':')[1]);
  const apiPort = Number(new URL(apiUrl).port);
  let most = 0;
  watching = setInterval(() => (most = Math.max(most, sample(pid, 0).residentMegabytes)), 50);
  await Promise.all([
    ...Object.values(grpcAttacks).map((attack) => attack(port, held, 5)),
    ...Object.values(apiAttacks).map((attack) => attack(apiPort, held, 5)),
  ]);
  await sleep(1000);
  // What the attacks hold they hold still.
  const client = new RawClient({ kind: 'tcp', host: '127.0.0.1', port });
  for (let asked = 0; asked < 100; asked++) expect(await askOnce(client, checkOf(''))).toBe(0);
  client.close();
  expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
  const told = await fetch(`${apiUrl}/ostiary.v1.InspectionService/ListApis`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(told.status).toBe(200);
  console.log(`${Math.round(most)} MB at most`);
  expect(most).toBeLessThan(MOST_MEGABYTES);
}, 180_000);
