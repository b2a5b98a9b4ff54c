// What attacks cost others: the latency of 500 Checks a second on connections of their own, without an attack and under
// each one of test/bounds, and under all at once; the image's bundle on core 0, callers and attackers on core 1.
// Run: npm run bundle && node bench/attacks.ts [seconds a probe] [rounds] [attacks, such as watches,all]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { apiAttacks, grpcAttacks } from '../test/bounds/attacks.ts';
import { h2load } from './h2load.ts';
import type { LoadResult } from './h2load.ts';
import { asInImage, residentMegabytes, startOstiary } from './server.ts';
import { openShop } from './shop.ts';
import { median } from './timing.ts';

const CHECKS_PER_SECOND = 500;
const seconds = Number(process.argv[2] ?? 4);
const rounds = Number(process.argv[3] ?? 3);
const every = [...Object.keys(grpcAttacks), ...Object.keys(apiAttacks).map((name) => `api ${name}`), 'all'];
const wanted = process.argv[4]?.split(',') ?? every;
const WARM_UP_MS = 500;

const shop = await openShop(100);
const load = await h2load(shop.checkOf(''));

console.log(`${CHECKS_PER_SECOND} Checks/s of others, medians of ${rounds} rounds of ${seconds} s`);
console.log(row(['attack', 'p50 ms', 'p99 ms', 'p50 under it', 'p99 under it', 'p99 ÷', 'RSS MB at most']));
for (const attack of wanted) {
  const alone: LoadResult[] = [];
  const under: LoadResult[] = [];
  let megabytes = 0;
  for (let round = 0; round < rounds; round++) {
    const ostiary = await startOstiary(shop.policies, [], asInImage);
    const probe = () =>
      load({ address: ostiary.address, requests: CHECKS_PER_SECOND * seconds, requestsPerSecond: CHECKS_PER_SECOND });
    await probe();
    await askApi(ostiary.apiAddress);
    alone.push(await probe());
    // Attackers give way to callers: what callers wait for is the server, and not the core that both are on.
    const attacker = spawn(
      'nice',
      [
        'taskset',
        '-c',
        '1',
        process.execPath,
        join(import.meta.dirname, 'attacker.ts'),
        ...portsOf(ostiary),
        attack,
        '60',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(attacker.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
    const watching = setInterval(() => (megabytes = Math.max(megabytes, residentMegabytes(ostiary.process))), 50);
    under.push(await probe());
    clearInterval(watching);
    attacker.kill('SIGKILL');
    await ostiary.process.stop();
  }
  const [p50, p99] = [median(alone.map(({ p50Ms }) => p50Ms)), median(alone.map(({ p99Ms }) => p99Ms))];
  const [p50Under, p99Under] = [median(under.map(({ p50Ms }) => p50Ms)), median(under.map(({ p99Ms }) => p99Ms))];
  const shown = [p50, p99, p50Under, p99Under].map((ms) => ms.toFixed(2));
  console.log(row([attack, ...shown, (p99Under / p99).toFixed(1), megabytes.toFixed(0)]));
}

/** Its first call loads what speaks its protocols, which is no part of an attack. */
async function askApi(address: string): Promise<void> {
  const answer = await fetch(`http://${address}/ostiary.v1.InspectionService/ListApis`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  if (!answer.ok) throw new Error(`the API answers ${answer.status}: ${await answer.text()}`);
}

function portsOf({ address, apiAddress }: { readonly address: string; readonly apiAddress: string }): string[] {
  return [address, apiAddress].map((one) => one.split(':')[1] ?? '');
}

function row(cells: readonly string[]): string {
  return cells.map((text, index) => text.padEnd([28, 10, 10, 14, 14, 10, 14][index] ?? 0)).join('');
}
