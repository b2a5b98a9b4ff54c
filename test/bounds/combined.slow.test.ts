import { afterEach, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { h2load } from '../../bench/h2load.ts';
import { openShop } from '../../bench/shop.ts';
import { sample } from '../http2/process-growth.ts';
import { type RealOstiary, startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { apiAttacks, grpcAttacks, Held } from './attacks.ts';

/** The chart's limit. */
const mostMegabytes = 320;
const load = await partOrSkip('h2load');

let ostiary: RealOstiary | undefined;
const held = new Held();
afterEach(async () => {
  held.close();
  await ostiary?.stop();
});

it.each(['http2', 'grpc-js'])(
  'all attacks together leave %s below its memory and answering others',
  async (transport) => {
    if (load === undefined) return;
    const { policies, checkOf } = await openShop(100);
    ostiary = await startOstiary({ policies, args: ['--transport', transport, '--log-level', 'silent'] });
    const { pid, listen, adminUrl, apiUrl } = ostiary;
    const ask = await h2load(checkOf(''));
    const probe = () => ask({ address: listen, requests: 1500, requestsPerSecond: 500 });
    await probe();
    const alone = await probe();
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, sample(pid, 0).residentMegabytes)), 50);
    const port = Number(listen.split(':')[1]);
    const apiPort = Number(new URL(apiUrl).port);
    const under = Promise.all([
      ...Object.values(grpcAttacks).map((attack) => attack(port, held, 8)),
      ...Object.values(apiAttacks).map((attack) => attack(apiPort, held, 8)),
    ]);
    const attacked = [];
    for (let round = 0; round < 3; round++) attacked.push(await probe());
    await under;
    await sleep(1000);
    const after = await probe();
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
    clearInterval(watching);
    console.log({ transport, most, alone, attacked, after });
    expect(most).toBeLessThan(mostMegabytes);
  },
);
