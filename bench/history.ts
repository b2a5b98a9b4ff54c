// How long questions about 30 days take, of a history in SQLite with 100,000 series of which 2,000 are active a minute.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../src/database/open-sqlite.ts';
import { addRows, storedRow } from '../src/history/add-rows.ts';
import { answerQuestion } from '../src/history/answer.ts';
import { compactDurations } from '../src/history/compact-durations.ts';
import { levelAt } from '../src/history/levels.ts';
import { rollUp, rollViews } from '../src/history/roll-up.ts';
import { historySchema } from '../src/history/schema.ts';
import { SeriesNumbers } from '../src/history/series-numbers.ts';
import type { HistoryTables } from '../src/history/tables.ts';
import type { Question } from '../src/rollup/question.ts';
import { DIMENSIONS } from '../src/rollup/slot.ts';
import type { Dimension, SlotRow } from '../src/rollup/slot.ts';

const APIS = 50;
const ROUTES = 8;
const CLIENTS = 50;
const STATUSES = ['200', '201', '404', '429', '503'];
const ACTIVE = 2000;
/** Of those that are active, so many give way to others each minute. */
const CHANGING = 100;
const DAYS = 30;
const DAY_S = 86_400;
const START_S = Date.UTC(2026, 9, 1) / 1000;
const ROUNDS = 5;

function keyOf(series: number): string[] {
  const api = series % APIS;
  const client = Math.floor(series / APIS) % CLIENTS;
  const route = Math.floor(series / (APIS * CLIENTS)) % ROUTES;
  const status = STATUSES[Math.floor(series / (APIS * CLIENTS * ROUTES)) % STATUSES.length] as string;
  const key: Partial<Record<Dimension, string>> = {
    api: `api-${api}`,
    route: `/api-${api}/things/{id}/part-${route}`,
    client: `client-${api}-${client}`,
    contract: `contract-${api}-${client}`,
    tier: client % 3 === 0 ? 'gold' : 'silver',
    method: 'GET',
    status,
    outcome: status === '429' ? 'blocked' : 'processed',
    policy: status === '429' ? 'quota' : '',
    reason: status === '429' ? 'quota_spent' : '',
    source: `spiffe://mesh/ns/shop/sa/client-${client}`,
    service: `api-${api}-v1`,
  };
  return DIMENSIONS.map((name) => key[name] ?? '');
}

const SERIES = APIS * CLIENTS * ROUTES * STATUSES.length;

function rowOf(series: number, count: number): SlotRow {
  const middle = 10 + (series % 60);
  const durations = [middle - 3, count, middle, 2 * count, middle + 2, count];
  const requests = 4 * count;
  const sums = { requestBytes: 900 * requests, responseBytes: 4000 * requests, durationMs: 12.5 * requests };
  return { key: [], count: requests, durationCount: requests, policyMs: 0.2 * requests, durations, ...sums };
}

/** The series that are active in a span of minutes: a window that moves on over all of them. */
function activeIn(fromMinute: number, minutes: number): number[] {
  const size = Math.min(SERIES, ACTIVE + CHANGING * (minutes - 1));
  return Array.from({ length: size }, (_, at) => ((fromMinute * CHANGING + at) * 7919) % SERIES);
}

const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
const file = join(folder, 'analytics.db');
const database = await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema });
const begun = performance.now();
const numbers: number[] = [];
const known = new SeriesNumbers(database, { now: () => START_S * 1000 });
for (let from = 0; from < SERIES; from += 5000) {
  numbers.push(...(await known.numbersOf(Array.from({ length: 5000 }, (_, at) => keyOf(from + at)))));
}

let written = 0;
async function fill(index: number, period: number): Promise<void> {
  const level = levelAt(index);
  const minutes = level.periodS / 60;
  const rows = activeIn((period * level.periodS - START_S) / 60, minutes).map((series) =>
    storedRow(numbers[series] as number, { ...rowOf(series, 1 + (series % 5)), key: keyOf(series) }),
  );
  await database.kysely.transaction().execute(async (transaction) => {
    await addRows(transaction, 'sqlite', level, period, rows);
    await rollViews(transaction, 'sqlite', index, period);
  });
  await compactDurations(database, level, period);
  written += rows.length;
}

// What a question of 30 days reads: days and four days between, and hours and minutes at both ends.
for (let day = 0; day < DAYS; day += 1) await fill(3, START_S / DAY_S + day);
const FOUR_DAYS_S = 4 * DAY_S;
for (let at = Math.ceil(START_S / FOUR_DAYS_S); (at + 1) * FOUR_DAYS_S <= START_S + DAYS * DAY_S; at += 1)
  await fill(4, at);
for (let hour = 0; hour < 24; hour += 1) await fill(2, START_S / 3600 + hour);
for (let hour = 0; hour < 10; hour += 1) await fill(2, START_S / 3600 + DAYS * 24 + hour);
for (let minute = 0; minute < 37; minute += 1) await fill(1, START_S / 60 + (DAYS * 24 + 10) * 60 + minute);
// What runs has been added up in part.
const NOW_S = START_S + DAYS * DAY_S + 10 * 3600 + 37 * 60;
for (const [index, partS] of [
  [2, 600],
  [3, 3600],
  [4, DAY_S],
] as const) {
  const period = Math.floor(NOW_S / levelAt(index).periodS);
  await database.kysely.insertInto('history_due').values({ level: index, period, through_s: 0 }).execute();
  await database.kysely
    .transaction()
    .execute((transaction) => rollUp(transaction, 'sqlite', index, period, Math.floor(NOW_S / partS) * partS));
  await compactDurations(database, levelAt(index), period);
}

const size = Math.round(statSync(file).size / 1024 ** 2);
console.log(
  `${SERIES} series, ${written} rows, ${size} MiB, filled in ${Math.round((performance.now() - begun) / 1000)} s`,
);

const SINCE_MS = (START_S + 10 * 3600 + 37 * 60) * 1000;
const UNTIL_MS = SINCE_MS + DAYS * DAY_S * 1000;
const WHOLE: Question = { sinceMs: SINCE_MS, untilMs: UNTIL_MS, where: [], by: [], order: 'count', most: 100 };
const OF_API = [{ dimension: 'api' as const, values: ['api-7'], isExcluded: false }];
const QUESTIONS: readonly (readonly [string, Question])[] = [
  ['by api', { ...WHOLE, by: ['api'] }],
  ['by api, status', { ...WHOLE, by: ['api', 'status'] }],
  ['by client', { ...WHOLE, by: ['client'] }],
  ['by client, status', { ...WHOLE, by: ['client', 'status'] }],
  ['by client, status of one API', { ...WHOLE, by: ['client', 'status'], where: OF_API }],
  ['by route of one API', { ...WHOLE, by: ['route'], where: OF_API }],
  ['by reason, policy', { ...WHOLE, by: ['reason', 'policy'] }],
  ['by api, client, service (graph)', { ...WHOLE, by: ['api', 'client', 'service'], most: 10_000 }],
  ['by api, day by day', { ...WHOLE, by: ['api'], stepMs: DAY_S * 1000 }],
  ['by route, client (whole keys)', { ...WHOLE, by: ['route', 'client'] }],
];
for (const [name, question] of QUESTIONS) {
  const times: number[] = [];
  let rows = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = performance.now();
    const answer = await answerQuestion(database, question);
    times.push(performance.now() - from);
    rows = answer.rows.length;
  }
  const [median = 0] = times.toSorted((a, b) => a - b).slice(Math.floor(ROUNDS / 2));
  console.log(`${name.padEnd(34)} ${median.toFixed(0).padStart(6)} ms  ${rows} rows`);
}
await database.close();
rmSync(folder, { recursive: true });
