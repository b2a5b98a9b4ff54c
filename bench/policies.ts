// What each kind of policy adds to a Check: the decision with it, less the decision of the same API without any.
// Run: node bench/policies.ts [NAME …]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { CheckResponseSchema } from '../gen/envoy/service/auth/v3/external_auth_pb.js';
import { scratchFolder } from '../test/real/scratch.ts';
import { openAsking } from './decision.ts';
import type { Asking } from './decision.ts';
import { realisticCheck } from './realistic-check.ts';
import { directoryRow, knownRows } from './policy-rows-known.ts';
import { rows } from './policy-rows.ts';
import type { Row } from './policy-rows.ts';
import { median, nanosecondsPerCall } from './timing.ts';

/** Of google.rpc.Code. */
const UNAVAILABLE = 14;
const ROUNDS = 7;
const CALLS = 20_000;

interface Measured {
  readonly row: Row;
  readonly asking: Asking;
  /** Nanoseconds of a Check, by round. */
  readonly times: number[];
}

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.some((part) => name.includes(part));
const directory = isWanted('ldap-authentication, remembered') ? await directoryRow() : undefined;
const every = [...rows, ...knownRows, ...(directory === undefined ? [] : [directory.row])];
const chosen = every.filter(({ name }) => isWanted(name));
const none = await open({ name: 'no policy', budgetMicroseconds: 0, policies: [] });
const all = await Promise.all(chosen.map(open));
// In turns, so that whatever else the machine does slows all of them alike.
for (let round = 0; round < ROUNDS; round++) {
  for (const one of [none, ...all]) {
    await answered(one.asking);
    one.times.push(measure(one));
  }
}
console.log(`no policy: ${(median(none.times) / 1000).toFixed(2)} µs a Check`);
for (const { row, times } of all) {
  const added = median(times.map((time, round) => time - (none.times[round] ?? Number.NaN))) / 1000;
  const ratio = (100 * added) / row.budgetMicroseconds;
  console.log(`${row.name.padEnd(40)} ${added.toFixed(2).padStart(6)} µs, ${ratio.toFixed(0)} % of its budget`);
}
for (const { asking } of [none, ...all]) await asking.close();
await directory?.slapd.stop();

async function open(row: Row): Promise<Measured> {
  const policies = scratchFolder('bench');
  const spec = { hosts: ['orders.shop.svc.cluster.local'], basePath: '/orders', policies: row.policies };
  const api = { apiVersion: 'ostiary.dev/v1alpha1', kind: 'Api', metadata: { name: 'orders' }, spec };
  writeFileSync(join(policies, 'orders.json'), JSON.stringify(api));
  for (const [name, text] of Object.entries(row.files ?? {})) writeFileSync(join(policies, name), text);
  const headers = row.headers ?? {};
  const checkOf = (streamId: string) => realisticCheck({ streamId, clientId: 'web', token: 'x'.repeat(800), headers });
  const asking = await openAsking({ policies, checkOf }, row.environment);
  const answer = fromBinary(CheckResponseSchema, await answered(asking));
  if (answer.status?.code !== 0) throw new Error(`${row.name}: denied: ${JSON.stringify(answer.dynamicMetadata)}`);
  return { row, asking, times: [] };
}

/** What is asked for, hashed or verified once takes longer than a Check may: it is remembered for the next one. */
async function answered({ ask }: Asking): Promise<Uint8Array> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const bytes = await ask();
      if (fromBinary(CheckResponseSchema, bytes).status?.code !== UNAVAILABLE) return bytes;
    } catch {
      // Its time was over.
    }
    await sleep(100);
  }
  return ask();
}

function measure({ row, asking }: Measured): number {
  return nanosecondsPerCall(
    () => {
      const answer = asking.ask();
      if (answer instanceof Promise) throw new Error(`${row.name}: waits for something`);
      return answer.length;
    },
    CALLS,
    1,
  );
}
