// What Envoy's access log costs a Check: processor time of the bundle at a steady pace, with the log and without, in turn.
// Run: npm run bundle && node bench/log-cost.ts [Checks a second, 2000] [seconds a turn, 8] [turns, 10] [flags of serve]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { HTTPAccessLogEntrySchema } from '../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { scratchFolder } from '../test/real/scratch.ts';
import type { LogJob } from './log-stream.ts';
import { loggedEntry, NO_ID } from './logged-entry.ts';
import { asInImage, cpuMicroseconds, startOstiary } from './server.ts';
import type { BenchOstiary } from './server.ts';
import { openShop } from './shop.ts';
import { median } from './timing.ts';
import { variedChecks } from './varied-checks.ts';
import { variedLoad } from './varied-load.ts';

const [perSecond = 2000, seconds = 8, turns = 10] = process.argv.slice(2, 5).map(Number);
const flags = process.argv.slice(5);
const CLIENTS = 100;
const TOKENS = 1000;
const WARM_UP = 100_000;
/** As `ostiary generate` has it. */
const BUFFER_BYTES = 256 * 1024;

const shop = await openShop(CLIENTS);
const tokens = await shop.tokens(TOKENS);
const checks = variedChecks(tokens);

/** An entry for each Check, which tells what our answer told. */
function logJob(): LogJob {
  const entries: LogJob['entries'][number][] = [];
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const [index, { clientId }] of tokens.entries()) {
    const name = `client-${index % CLIENTS}`;
    const told = {
      api: 'orders',
      client_id: clientId,
      client_name: name,
      contract: name,
      tier: 'gold',
      outcome: 'allow',
    };
    const bytes = toBinary(HTTPAccessLogEntrySchema, create(HTTPAccessLogEntrySchema, loggedEntry(index, told)));
    entries.push({ start, length: bytes.length, idAt: Buffer.from(bytes).indexOf(NO_ID) });
    parts.push(bytes);
    start += bytes.length;
  }
  const entriesFile = join(scratchFolder('log-cost'), 'entries');
  writeFileSync(entriesFile, Buffer.concat(parts));
  return { entriesFile, entries, bufferBytes: BUFFER_BYTES };
}

interface Side {
  readonly name: string;
  readonly server: BenchOstiary;
  readonly load: ReturnType<typeof variedLoad>;
  readonly cpu: number[];
  sent: number;
}

async function side(name: string, log?: LogJob): Promise<Side> {
  return {
    name,
    server: await startOstiary(shop.policies, flags, asInImage),
    load: variedLoad(checks, log),
    cpu: [],
    sent: 0,
  };
}

async function send(one: Side, requests: number, pace?: number): Promise<number> {
  const before = cpuMicroseconds(one.server.process);
  await one.load({ ...one.server, requests, ...(pace !== undefined && { requestsPerSecond: pace }) });
  one.sent += requests;
  return (cpuMicroseconds(one.server.process) - before) / requests;
}

/** Fails unless each entry was credited to its decision. */
async function credited({ server, sent }: Side): Promise<void> {
  const text = await (await fetch(`${server.adminUrl}/metrics`)).text();
  const counts = [...text.matchAll(/^ostiary_access_log_entries_total\{(.*)\} ([1-9]\d*)$/gm)].map(([line]) => line);
  const expected = `ostiary_access_log_entries_total{protocol="http",result="counted"} ${sent}`;
  if (counts.length !== 1 || counts[0] !== expected) throw new Error(`${sent} entries were sent: ${counts.join(', ')}`);
}

const off = await side('without the log');
const on = await side('with the log', logJob());
try {
  for (const one of [off, on]) {
    // Twice: signatures are verified no faster than a server that starts can.
    for (let pass = 0; pass < 2; pass++) await send(one, TOKENS, 300);
    await send(one, WARM_UP);
    await send(one, perSecond * 2, perSecond);
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const one of [off, on]) one.cpu.push(await send(one, perSecond * seconds, perSecond));
  }
  await credited(on);
} finally {
  await Promise.all([off.server.process.stop(), on.server.process.stop()]);
}

console.log(`${perSecond} Checks a second, ${turns} turns of ${seconds} s each, one entry of the log a Check`);
for (const { name, cpu } of [off, on]) {
  console.log(
    `${name.padEnd(18)}${median(cpu).toFixed(1).padStart(7)} µs a Check, least ${Math.min(...cpu).toFixed(1)}`,
  );
}
const ratios = on.cpu.map((cpu, turn) => cpu / (off.cpu[turn] ?? Number.NaN));
console.log(
  `ratio of turns     ${median(ratios).toFixed(3).padStart(7)} (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)})`,
);
