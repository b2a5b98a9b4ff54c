import { Registry } from '../../src/observe/prometheus.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { openHistory } from '../../src/history/open-history.ts';
import type { Slot, SlotRow } from '../../src/rollup/slot.ts';
import { rowOf } from '../history/slots.ts';
import { APIS, callers } from './furniture.ts';

const MINUTE = 60_000;
const HOURS = 24;
/** Slots are of ten seconds: one a minute, with six times as many requests, is the same on every chart. */
const PER_SLOT = 6;
/** Of a slow day with a busy evening; by the hour in UTC. */
const BUSY = [2, 1, 1, 1, 1, 2, 4, 7, 11, 14, 16, 17, 18, 17, 16, 17, 20, 25, 30, 32, 27, 18, 10, 5];

/** Writes what a sidecar would have told in the last day into the folder of a control plane that does not run. */
export async function writePastDay(dataDir: string): Promise<void> {
  const opened = await openHistory(
    { dataDir, databaseUrl: undefined, maxBytes: 1 << 30 },
    { clock: systemClock, timers: systemTimers, registry: new Registry(), tell() {} },
  );
  const end = Math.floor(Date.now() / MINUTE) * MINUTE;
  const random = randomOf(7);
  for (let hour = 0; hour < HOURS; hour++) {
    const slots = Array.from({ length: 60 }, (_, at) => slotOf(hour * 60 + at, end, random));
    await opened.receive(slots);
  }
  await opened.close();
}

function slotOf(minute: number, end: number, random: () => number): Slot {
  const startMs = end - (HOURS * 60 - minute) * MINUTE;
  const busy = BUSY[new Date(startMs).getUTCHours()] ?? 1;
  const rows = callers().flatMap((caller, at) => rowsOf(caller, busy / (1 + at * 0.35), startMs, random));
  const decided = rows.reduce((sum, { count }) => sum + count, 0);
  return {
    node: 'gateway-1',
    epoch: '0000002a',
    sequence: minute + 1,
    startMs,
    periodMs: 10_000,
    rows,
    completeness: { decided, reported: decided, unreported: 0, unknown: 0 },
    folded: 0,
  };
}

function rowsOf(
  { api, client, tier }: ReturnType<typeof callers>[number],
  busy: number,
  startMs: number,
  random: () => number,
): readonly SlotRow[] {
  const described = APIS.find(({ name, namespace }) => `${namespace}/${name}` === api);
  const [namespace = '', name = ''] = api.split('/');
  const base = `/${name}/${described?.version ?? 'v1'}`;
  // The evening's deployment of payments did not go well.
  const isBad = name === 'payments' && new Date(startMs).getUTCHours() === 14;
  const some = (most: number): number => Math.round(most * (0.7 + 0.6 * random()) * PER_SLOT);
  const common = {
    api,
    client,
    contract: `${namespace}/${client.split('/')[1] ?? ''}-${name}`,
    tier,
    service: `${name}-service`,
  };
  const paths = Object.keys(described?.paths ?? {});
  const rows = paths.map((path, at) => {
    const count = some(busy / (1 + at * 2));
    const slow = isBad ? 900 : 24 + 30 * at;
    const durations = Array.from({ length: 12 }, () => slow * (0.5 + random() + (random() > 0.93 ? 6 : 0)));
    const key = { ...common, route: `${base}${path}`, method: at === 0 ? 'POST' : 'GET', outcome: 'processed' };
    return rowOf({ ...key, status: isBad && random() < 0.4 ? '503' : '200' }, durations, count);
  });
  const refused = { ...common, route: base, method: 'GET', outcome: 'blocked' };
  const spent = tier === 'trial' || random() < 0.08 ? some(busy / 9) : 0;
  const wrong = random() < 0.05 ? some(busy / 20) : 0;
  const denial = (status: string, policy: string, reason: string, count: number): SlotRow =>
    rowOf({ ...refused, status, policy, reason }, [0.8, 1.1], count);
  if (spent > 0) rows.push(denial('429', 'rate-limiting-sla', 'quota_exceeded', spent));
  if (wrong > 0) rows.push(denial('401', 'client-id-enforcement', 'client_unknown', wrong));
  return rows.filter(({ count }) => count > 0);
}

/** The same numbers at each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
