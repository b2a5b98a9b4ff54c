// How soon ostiary is ready, and what it takes while it idles. Run: node bench/start.ts
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentMegabytes, startOstiary } from './server.ts';
import { openShop } from './shop.ts';
import { median } from './timing.ts';

const STARTS = 5;
/** Until the collector has seen what loading left behind. */
const IDLE_MS = 2000;

const samples = join(import.meta.dirname, '../policies');
const contracts = await openShop(10_000);
// The first request loads the client's code, which is none of the server's time.
await fetch('http://127.0.0.1:9').catch(() => undefined);
await measure('the samples', samples);
await measure('10,000 contracts', contracts.policies);

async function measure(what: string, policies: string): Promise<void> {
  const ready: number[] = [];
  const resident: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const server = await startOstiary(policies);
    ready.push(server.readyMs);
    await sleep(IDLE_MS);
    resident.push(residentMegabytes(server.process));
    await server.process.kill();
  }
  const times = `${median(ready).toFixed(0)} ms (${Math.min(...ready).toFixed(0)}–${Math.max(...ready).toFixed(0)})`;
  console.log(`with ${what}: ready after ${times}, idle RSS ${median(resident).toFixed(0)} MB`);
}
