import type { Cluster, Redis } from 'ioredis';
import { chargeDebtCall, giveBackCall } from '../script/lease-calls.ts';
import { HEARTBEAT } from '../script/lease-scripts.ts';
import { keyOf, shaOf, takeCall } from '../script/script-call.ts';
import type { KeyPrefix, ScriptCall } from '../script/script-call.ts';
import { RESET } from '../script/scripts.ts';
import { Aside } from './aside.ts';
import type { RedisClient } from './client.ts';
import { codeOf, scopeOf, wordsOf } from './server-error.ts';
import { findingsAbout } from './server-info.ts';
import type { Finding } from './server-info.ts';

/** What the scripts are to be tried with. */
interface Trial {
  readonly prefix: KeyPrefix;
  readonly channel: string;
  readonly waits: boolean;
}

const CHECK_MS = 1000;

export interface Checked {
  readonly findings: readonly Finding[];
  /** False: if somebody publishes, calls that are under way may be lost. */
  readonly canPublish: boolean;
}

/**
 * Checks a Redis when a connection is made; in a Cluster it checks every primary, since versions, memory and rights may
 * differ by node. Every finding names its consequences and the node.
 * @param channel where resets are told
 * @param waitReplicas as for the link: it takes a right of its own
 */
export async function checkRedis(
  client: RedisClient,
  prefix: KeyPrefix,
  channel: string,
  waitReplicas = 0,
): Promise<Checked> {
  const trial = { prefix, channel, waits: waitReplicas > 0 };
  if (!client.isCluster) return checkServer(client as Redis, trial);
  const cluster = client as Cluster;
  const slots = await slotsOfPrimaries(cluster, prefix);
  const found = await Promise.all(
    cluster.nodes('master').map(async (node) => {
      const name = nameOf(node);
      const slot = slots.get(name);
      const scripts = slot === undefined ? [] : checkCalls(node, trial, slot);
      const findings = (await Promise.all([findingsAbout(node, true, trial.prefix.text), scripts])).flat();
      return findings.map(({ level, message }): Finding => ({ level, message: `at ${name}: ${message}` }));
    }),
  );
  return { findings: found.flat(), canPublish: true };
}

async function checkServer(node: Redis, trial: Trial): Promise<Checked> {
  const aside = new Aside(node);
  try {
    const about = await aside.ask((one) => findingsAbout(one, false, trial.prefix.text));
    const scripts = await aside.ask((one) => checkScripts(one, trial, 'start-check'));
    const telling = await aside.ask((one) => checkTelling(one, trial));
    const hearing = await aside.ask((one) => checkHearing(one, trial));
    return { findings: [about, scripts, telling, hearing].flat(), canPublish: telling.length === 0 };
  } finally {
    aside.close();
  }
}

async function checkCalls(node: Redis, trial: Trial, slot: string): Promise<readonly Finding[]> {
  const findings = await checkScripts(node, trial, slot);
  return findings.length > 0 ? findings : checkTelling(node, trial);
}

/** For each primary that has slots, the slot of a counter that lies there. */
async function slotsOfPrimaries(cluster: Cluster, prefix: KeyPrefix): Promise<ReadonlyMap<string, string>> {
  const { Command } = await import('ioredis');
  const owners = new Set(cluster.slots.map((nodes) => nodes?.[0]).filter((owner) => owner !== undefined));
  const found = new Map<string, string>();
  for (let i = 0; found.size < owners.size; i += 1) {
    const slot = `start-check-${i}`;
    const owner = cluster.slots[new Command('get', [keyOf(prefix, { slot, key: '' })]).getSlot()]?.[0];
    if (owner !== undefined && !found.has(owner)) found.set(owner, slot);
  }
  return found;
}

function nameOf({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}

/** Runs every script, also by its hash, on test counters that live for a second. */
async function checkScripts(node: Redis, trial: Trial, slot: string): Promise<readonly Finding[]> {
  const run = async (): Promise<void> => {
    for (const { script, keys, args } of callsOfAll(trial.prefix, slot)) {
      await node.eval(script.lua, keys.length, ...keys, ...args);
      await node.evalsha(shaOf(script), keys.length, ...keys, ...args);
    }
    if (trial.waits) await node.wait(0, 1);
  };
  return findingWhere(run, trial, 'error', "the scripts can't run, so decisions are store failures");
}

/** Replicas skip a message that names no counter. */
function checkTelling(node: Redis, trial: Trial): Promise<readonly Finding[]> {
  const follows = 'resets, and units that come back, are not told to the other replicas, which look again in a second';
  return findingWhere(() => node.publish(trial.channel, ''), trial, 'error', follows);
}

function checkHearing(node: Redis, trial: Trial): Promise<readonly Finding[]> {
  const follows = 'resets by other replicas are not heard, and leases end within the second that they live';
  return findingWhere(() => node.subscribe(trial.channel), trial, 'warn', follows);
}

async function findingWhere(
  ask: () => Promise<unknown>,
  trial: Trial,
  level: Finding['level'],
  follows: string,
): Promise<readonly Finding[]> {
  try {
    await ask();
    return [];
  } catch (error) {
    const code = codeOf(error);
    // An error that concerns every call is reported as an outage, and the checks run again after it.
    if (scopeOf(code) === 'server') return [];
    const what = code === 'CLOSED' ? 'the connection is ended when it is tried, as proxies do' : wordsOf(error);
    const remedy = code === 'NOPERM' ? `. The user needs ${rightsOf(trial)}` : '';
    return [{ level, message: `${follows}: ${what}${remedy}` }];
  }
}

function callsOfAll(prefix: KeyPrefix, slot: string): readonly ScriptCall[] {
  const demand = {
    slot,
    key: `start-check-${crypto.randomUUID()}`,
    limits: [{ maximumRequests: 9, timePeriodInMilliseconds: CHECK_MS }],
    cost: 1,
  };
  const demands = [demand];
  const now = { mono: 0, wall: 0 };
  const debt = { name: '', demands, windows: [[{ units: 1, endMono: CHECK_MS }]] };
  const nothing = { units: 0, epochs: [], windows: [], asked: now };
  const key = keyOf(prefix, demand);
  return [
    takeCall(prefix, demands, [1], { want: 1, least: 1, need: 1, share: 1 }, 0),
    giveBackCall(prefix, demands, { ...nothing, units: 1 }),
    chargeDebtCall(prefix, debt, now),
    { script: RESET, keys: [key], args: [] },
    { script: HEARTBEAT, keys: [`${key}-replicas`], args: ['check', CHECK_MS * 1000, 1] },
    { script: HEARTBEAT, keys: [`${key}-replicas`], args: ['check', CHECK_MS * 1000, 0] },
  ];
}

/** What an ACL user needs. On a Cluster the client also asks which node has which slots. */
function rightsOf({ prefix: { text, tagged }, waits }: Trial): string {
  const commands =
    '+evalsha +eval +hmget +hget +hgetall +hset +hsetnx +hdel +hincrby +exists +time +pttl +pexpire +zadd +zrem ' +
    '+zremrangebyscore +zcard +publish +subscribe +ping +info +set +get +rpush +lrange +ltrim';
  const more = (tagged ? ' +cluster|slots +cluster|info +client|setname' : '') + (waits ? ' +wait' : '');
  // Redis 6.2 refuses a pattern of channels where all are allowed, as they are there unless set otherwise.
  return `~${text}* resetchannels &${text}* ${commands}${more}`;
}
