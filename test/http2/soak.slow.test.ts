import { afterAll, expect, it } from 'vitest';
import { h2load } from '../../bench/h2load.ts';
import { realisticCheck } from '../../bench/realistic-check.ts';
import { openShop } from '../../bench/shop.ts';
import { parseListenAddress } from '../../src/listen/address.ts';
import { api, client, contract, writeDocument } from '../e2e/documents.ts';
import { RawClient } from '../grpc/client.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { growthMegabytes, sample } from './process-growth.ts';
import type { ProcessSample } from './process-growth.ts';
import { askOnce, leaveRudely, repeat, watchHealth } from './soak-callers.ts';

/** Ten minutes show what one does not: SOAK_SECONDS=600. */
const seconds = Number(process.env['SOAK_SECONDS'] ?? 30);
/**
 * By how much the line through the last third of the samples may rise. In ten minutes 8 MB there are 2.4 MB a minute,
 * some seven octets of each Check answered. A short soak has only just warmed up: what tables and code take in one step
 * must not fail it, and what it shows is a leak of some hundred octets a Check.
 */
const mostGrowthMegabytes = seconds >= 300 ? 8 : 32;
/** A small heap comes to rest within a minute, and one that leaks into it ends the service. */
const SMALL_HEAP = '--max-old-space-size=80 --max-semi-space-size=4';
const BATCH_SECONDS = 3;

const [redisServer, h2loadPart] = await Promise.all([partOrSkip('redis-server'), partOrSkip('h2load')]);
let redis: RealRedis | undefined;
let ostiary: RealOstiary | undefined;
afterAll(async () => {
  await ostiary?.stop();
  await redis?.stop();
});

it.skipIf(redisServer === undefined || h2loadPart === undefined)(
  `serves at half load for ${seconds} s (SOAK_SECONDS) while all else comes and goes, and keeps to its memory`,
  { timeout: seconds * 1000 + 120_000 },
  async () => {
    redis = await startRedis();
    const { policies, checkOf } = await openShop(100);
    // The default 50 ms are for a Redis and a service that do not share two cores with those who ask.
    const patient = ['--store-timeout', '1s'];
    ostiary = await startOstiary({
      policies,
      args: ['--redis', redis.url, '--log-level', 'warn', ...patient],
      env: { NODE_OPTIONS: SMALL_HEAP },
    });
    const { pid, listen } = ostiary;
    const address = parseListenAddress(listen, 'listen');
    const port = Number(listen.split(':')[1]);
    const allowed = checkOf('');
    const denied = realisticCheck({ streamId: '', clientId: 'nobody', token: 'no.good.token' });
    const load = await h2load(allowed);
    const most = (await load({ address: listen, requests: 30_000 })).requestsPerSecond;
    const idle = await atRest(ostiary);

    const begin = performance.now();
    const elapsed = (): number => (performance.now() - begin) / 1000;
    const isOver = (): boolean => elapsed() > seconds;
    const samples: ProcessSample[] = [];
    const count = { allowed: 30_000, denied: 0, watches: 0, rude: 0, reloads: 0 };
    const steady = new RawClient(address);
    await Promise.all([
      // Half load, each batch on connections of its own.
      repeat(isOver, 50, async () => {
        const requests = Math.ceil((most / 2) * BATCH_SECONDS);
        await load({ address: listen, requests, requestsPerSecond: most / 2 });
        count.allowed += requests;
      }),
      repeat(isOver, 20, () => {
        leaveRudely(port, allowed);
        count.rude++;
      }),
      repeat(isOver, 100, async () => {
        await watchHealth(address);
        count.watches++;
      }),
      repeat(isOver, 50, async () => {
        expect(await askOnce(steady, denied)).not.toBe(0);
        count.denied++;
      }),
      repeat(isOver, 5000, () => changeDocuments(policies, count.reloads++)),
      repeat(isOver, 1000, () => void samples.push(sample(pid, elapsed()))),
    ]);
    steady.close();
    const end = await atRest(ostiary);
    tell(samples, { ...count, most: Math.round(most) });

    // What was open before is open still, and nothing else.
    expect(end.descriptors).toBeLessThanOrEqual(idle.descriptors);
    expect(end.handles).toBeLessThanOrEqual(idle.handles);
    expect(end.errors).toEqual(NO_ERRORS);
    expect(end.invalid).toBe(count.denied);
    expect(end.denied).toBe(count.denied + end.waitedTooLong + end.unverified);
    expect(end.unverified).toBeLessThanOrEqual(count.rude * 2);
    // A Check that got no core for a second, where load and server share two.
    expect(end.waitedTooLong).toBeLessThan(count.allowed / 1000);
    expect(end.allowed).toBeGreaterThanOrEqual(count.allowed);
    const last = samples.filter((each) => each.seconds > (seconds * 2) / 3);
    expect(last.length).toBeGreaterThan(seconds / 6);
    expect(growthMegabytes(last)).toBeLessThan(mostGrowthMegabytes);
  },
);

const NO_ERRORS = {
  ostiary_check_errors_total: 0,
  ostiary_rpc_connection_errors_total: 0,
  ostiary_rpc_calls_failed_total: 0,
  ostiary_rpc_abuse_total: 0,
  ostiary_rpc_internal_errors_total: 0,
};

interface AtRest {
  readonly descriptors: number;
  readonly handles: number;
  readonly allowed: number;
  readonly denied: number;
  /** Denials of what is no token. */
  readonly invalid: number;
  /** Denials because the caller left while its token was verified: those who leave rudely, after new documents. */
  readonly unverified: number;
  /** Denials because Redis' answer did not come in time. */
  readonly waitedTooLong: number;
  readonly errors: Readonly<Record<string, number>>;
}

/** What the service holds and has counted, once no client is connected. */
async function atRest({ adminUrl, pid }: RealOstiary): Promise<AtRest> {
  let text = '';
  const sum = (name: string, labels = ''): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*${labels}[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  const connections = async (): Promise<number> => {
    text = await (await fetch(`${adminUrl}/metrics`)).text();
    return sum('ostiary_rpc_connections');
  };
  await expect.poll(connections, { timeout: 10_000 }).toBe(0);
  return {
    descriptors: sample(pid, 0).descriptors,
    handles: sum('nodejs_active_handles'),
    allowed: sum('ostiary_checks_total', 'outcome="allow"'),
    denied: sum('ostiary_checks_total', 'outcome="deny"'),
    invalid: sum('ostiary_checks_total', 'reason="token_invalid"'),
    unverified: sum('ostiary_checks_total', 'reason="token_unverified"'),
    waitedTooLong: sum('ostiary_checks_total', 'reason="store_unavailable"'),
    errors: Object.fromEntries(Object.keys(NO_ERRORS).map((name) => [name, sum(name)])),
  };
}

/** An API, a client and their contract come, and with the next change the contract goes. */
function changeDocuments(folder: string, change: number): void {
  const status = change % 2 === 0 ? 'approved' : 'revoked';
  const agreed = contract('guest', 'visits');
  for (const document of [api('visits'), client('guest'), { ...agreed, spec: { ...agreed.spec, status } }]) {
    writeDocument(folder, document);
  }
}

function tell(samples: readonly ProcessSample[], count: object): void {
  const step = Math.max(1, Math.floor(samples.length / 20));
  const series = samples.filter((_, index) => index % step === 0);
  console.log(JSON.stringify(count));
  console.log(
    `RSS in MB: ${series.map((each) => `${each.seconds.toFixed(0)}s ${each.residentMegabytes.toFixed(1)}`).join(', ')}`,
  );
  console.log(`descriptors: ${series.map(({ descriptors }) => descriptors).join(' ')}`);
}
