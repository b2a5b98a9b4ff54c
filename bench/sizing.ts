// What docs/sizing.md says, measured: processor time for 1,000 Checks a second, memory for 1,000 contracts.
// Run: node bench/sizing.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { h2load } from './h2load.ts';
import { cpuMicroseconds, residentMegabytes, startOstiary } from './server.ts';
import { openShop } from './shop.ts';

const SECONDS_AT_EACH_RATE = 10;
/** Until the collector has seen what loading and the load left behind. */
const IDLE_MS = 3000;

const small = await openShop(1);
const load = await h2load(small.checkOf(''));
const server = await startOstiary(small.policies);
// The compiler is warmed up first.
await load({ address: server.address, requests: 20_000 });
for (const requestsPerSecond of [200, 1000, 5000]) {
  const before = cpuMicroseconds(server.process);
  const { p99Ms } = await load({
    address: server.address,
    requests: requestsPerSecond * SECONDS_AT_EACH_RATE,
    requestsPerSecond,
  });
  const cores = (cpuMicroseconds(server.process) - before) / 1e6 / SECONDS_AT_EACH_RATE;
  const share = (cores / requestsPerSecond) * 1000;
  console.log(
    `${requestsPerSecond} Checks/s: ${cores.toFixed(2)} cores, ${(share * 1000).toFixed(0)} millicores for 1,000 Checks/s, p99 ${p99Ms.toFixed(1)} ms`,
  );
}
console.log(`RSS under load, 1 contract: ${residentMegabytes(server.process).toFixed(0)} MB`);
await server.process.kill();

const resident = new Map<number, number>();
for (const contracts of [1, 1000, 10_000, 100_000]) {
  const { policies } = await openShop(contracts);
  const idle = await startOstiary(policies);
  await sleep(IDLE_MS);
  resident.set(contracts, residentMegabytes(idle.process));
  console.log(
    `${contracts} contracts: idle RSS ${resident.get(contracts)?.toFixed(0)} MB, ready after ${idle.readyMs.toFixed(0)} ms`,
  );
  await idle.process.kill();
}
const GROWN = (resident.get(100_000) ?? 0) - (resident.get(1) ?? 0);
console.log(`1,000 contracts more: ${(GROWN / 100).toFixed(2)} MB`);
