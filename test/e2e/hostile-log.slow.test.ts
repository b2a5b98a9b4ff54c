import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOG_PATH, loggingClient } from '../analytics/logging-client.ts';
import type { LoggingClient } from '../analytics/logging-client.ts';
import { block, entry, httpMessage } from '../analytics/log-message.ts';
import { parseListenAddress } from '../../src/listen/address.ts';
import { RawClient } from '../grpc/client.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { shop } from './shop.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };
/** What is poured into a stream; a gigabyte by HOSTILE_MIB=1024. */
const MIB = Number(process.env['HOSTILE_MIB'] ?? 16);
/** Without content. */
const EMPTY_MESSAGES = MIB * 1024;
const MOST_RESIDENT_MIB = 350;

let ostiary: RealOstiary;
let envoy: LoggingClient;
const clients: RawClient[] = [];
beforeEach(async () => {
  const args = ['--data-dir', scratchFolder('hostile'), '--store-timeout', '4s'];
  ostiary = await startOstiary({ policies: documentsFolder(shop), args });
  envoy = loggingClient(ostiary.listen);
});
afterEach(async () => {
  envoy.close();
  for (const client of clients.splice(0)) client.close();
  await ostiary.kill();
});

function connect(): RawClient {
  const client = new RawClient(parseListenAddress(ostiary.listen, 'listen'));
  clients.push(client);
  return client;
}

/** A stream of the log whose writer waits where ostiary does not read. */
function openStream(client: RawClient) {
  const stream = client.bidi(LOG_PATH);
  let failure: { readonly code: number } | undefined;
  stream.on('error', (error: Error & { code: number }) => (failure = error));
  stream.resume();
  return {
    get failure() {
      return failure;
    },
    async write(message: Buffer): Promise<void> {
      if (failure === undefined && !stream.write(message)) {
        await Promise.race([new Promise((resolve) => void stream.once('drain', resolve)), sleep(5000)]);
      }
    },
    end: () => stream.end(),
  };
}

async function entries(result: string): Promise<number> {
  return metric(`ostiary_access_log_entries_total{protocol="http",result="${result}"}`);
}

async function metric(series: string): Promise<number> {
  const text = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

function residentMiB(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${ostiary.pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Checks are answered meanwhile, memory stays within its bounds, and an honest Envoy is counted afterwards. */
async function endure(attack: () => Promise<void>): Promise<void> {
  await envoy.send(credentials('gold'));
  await expect.poll(() => entries('counted'), PATIENCE).toBe(1);
  const { answered, slowestMs } = await envoy.checksDuring(Promise.all([attack(), sleep(3000)]));
  expect(answered).toBeGreaterThan(20);
  expect(slowestMs).toBeLessThan(4000);
  expect(residentMiB()).toBeLessThan(MOST_RESIDENT_MIB);
  const before = await entries('counted');
  await envoy.send(credentials('gold'));
  await expect.poll(() => entries('counted'), PATIENCE).toBe(before + 1);
  expect(ostiary.exitCode()).toBeUndefined();
}

test('garbage is counted as malformed, however much comes', async () => {
  await endure(async () => {
    const stream = openStream(connect());
    const garbage = Buffer.alloc(64 * 1024, 0xff);
    const cut = httpMessage(entry({})).subarray(0, -3);
    for (let sent = 0; sent < MIB * 16; sent++) {
      await stream.write(sent % 2 === 0 ? garbage : Buffer.concat([cut, cut]));
    }
    await expect.poll(() => entries('malformed'), PATIENCE).toBeGreaterThan(MIB * 15);
    expect(stream.failure).toBeUndefined();
  });
});

test('a message that says it is larger than any ends its stream, and no other', async () => {
  await endure(async () => {
    const stream = openStream(connect());
    await stream.write(Buffer.alloc(32 * 1024 * 1024));
    await expect.poll(() => stream.failure?.code, PATIENCE).toBe(8);
  });
});

test('thousands of small messages are read in turn with Checks', async () => {
  await endure(async () => {
    const stream = openStream(connect());
    const empty = Buffer.alloc(0);
    for (let sent = 0; sent < EMPTY_MESSAGES; sent++) await stream.write(empty);
    await stream.write(httpMessage(entry({})));
    await expect.poll(() => entries('counted'), PATIENCE).toBeGreaterThan(1);
  });
});

test('ids of others and ids that were made up count nothing, and cost a bounded memory', async () => {
  await endure(async () => {
    const stream = openStream(connect());
    const allowed = { api: 'orders', client_id: 'gold-id', tier: 'gold', outcome: 'allow' };
    const made = 20_000;
    for (let sent = 0; sent < made; sent += 500) {
      const ids = Array.from({ length: 500 }, () => Buffer.from(crypto.getRandomValues(new Uint8Array(21))));
      const lies = ids.map((id) => entry({ metadata: { ...allowed, id: id.toString('base64url') } }));
      await stream.write(httpMessage(...lies));
    }
    const refused = async (): Promise<number> => {
      let sum = 0;
      for (const result of ['foreign', 'unattributable', 'forged']) sum += await entries(result);
      return sum;
    };
    await expect.poll(refused, PATIENCE).toBe(made);
  });
});

test('clocks that are years off neither stop slots nor make events that nobody can read', async () => {
  await endure(async () => {
    const stream = openStream(connect());
    // Seconds before and behind what a calendar has, and a duration that no clock measures.
    const times = [-(2n ** 62n), -1n, 0n, 4_000_000_000n, 253_402_300_800n, 2n ** 62n];
    const told = times.flatMap((seconds) => [
      entry({ common: { startTime: { seconds, nanos: 0 } } }),
      entry({ common: { startTime: { seconds, nanos: 0 }, duration: { seconds, nanos: -5 } } }),
    ]);
    await stream.write(httpMessage(...told));
    await expect.poll(() => entries('counted'), PATIENCE).toBeGreaterThanOrEqual(1 + told.length);
    // The slot under way is written.
    await expect
      .poll(() => metric('ostiary_history_slots_total{result="added"}'), { timeout: 30_000, interval: 500 })
      .toBeGreaterThan(0);
  });
});

test('more streams than there may be are refused, and those that there are go on', async () => {
  await endure(async () => {
    const streams = Array.from({ length: 60 }, () => connect()).flatMap((client) =>
      Array.from({ length: 100 }, () => openStream(client)),
    );
    const message = block(0x0a);
    for (const stream of streams) void stream.write(message);
    await expect.poll(() => metric('ostiary_access_log_streams'), PATIENCE).toBeGreaterThan(1000);
    await expect.poll(() => streams.filter(({ failure }) => failure !== undefined).length, PATIENCE).toBeGreaterThan(0);
    expect(await metric('ostiary_access_log_streams')).toBeLessThanOrEqual(4096);
  });
});
