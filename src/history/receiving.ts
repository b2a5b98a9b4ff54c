import { setImmediate as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { DIMENSIONS } from '../rollup/slot.ts';
import type { Slot } from '../rollup/slot.ts';
import { addCompleteness, addRows, storedRow } from './add-rows.ts';
import type { StoredRow } from './add-rows.ts';
import { LEVELS, levelAt, periodOf } from './levels.ts';
import type { Partitions } from './partitions.ts';
import { Receipts } from './receipts.ts';
import type { Received } from './receipts.ts';
import { markDue, rollViews } from './roll-up.ts';
import type { SeriesNumbers } from './series-numbers.ts';
import type { HistoryTables } from './tables.ts';

/**
 * What happened to a slot. It was added, now or earlier. Otherwise it never will be: it is older than what is
 * remembered of processes, lies in the future, or is malformed.
 */
export type SlotFate = 'added' | 'repeated' | 'too_old' | 'ahead' | 'malformed';

export interface Receipt {
  /** One for each slot, in their order. */
  readonly fates: readonly SlotFate[];
  /** What has been received from each process of these slots. None of it needs to be sent again. */
  readonly received: readonly Received[];
}

/** How long a process is remembered after its last slot; older slots are refused. */
export const REMEMBERED_S = 32 * 86_400;
/** The most that the clock of another machine may be ahead. */
const MAX_AHEAD_S = 3600;
/** Rows prepared without a pause: some milliseconds. */
const ROWS_A_TURN = 250;
const SLOT_MS = levelAt(0).periodS * 1000;

/** Rolling up and adding exclude each other; in PostgreSQL other processes may do either. */
export const HISTORY_LOCK = 0x6f737472;

export interface ReceivingPorts {
  readonly database: Database<HistoryTables>;
  readonly numbers: SeriesNumbers;
  readonly partitions: Partitions;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Adds all of the slots, or none, each once by its `(node, epoch, sequence)`.
 * @throws DatabaseFault (rejects with it)
 */
export async function receiveSlots(ports: ReceivingPorts, slots: readonly Slot[]): Promise<Receipt> {
  const { database, partitions, clock } = ports;
  const nowS = clock.now() / 1000;
  const refusals = slots.map((slot) => refusalOf(slot, nowS));
  const rows = new Map<Slot, StoredRow[]>();
  for (const [at, slot] of slots.entries()) {
    if (refusals[at] !== undefined) continue;
    await partitions.cover(slot.startMs / 1000);
    rows.set(slot, await rowsOf(ports.numbers, slot));
  }
  return database.kysely.transaction().execute(async (transaction) => {
    if (database.engine === 'postgres')
      await sql`SELECT pg_advisory_xact_lock_shared(${HISTORY_LOCK})`.execute(transaction);
    const senders = await readSenders(transaction, database.engine, slots, refusals);
    const pruned = await prunedS(transaction);
    const fates: SlotFate[] = [];
    for (const [at, slot] of slots.entries()) {
      const refusal = refusals[at];
      const sender = senders.get(nameOf(slot));
      if (refusal !== undefined && refusal !== 'too_old' && refusal !== 'ahead') fates.push(refusal);
      else if (sender?.add(slot.sequence, refusal === 'ahead' ? 0 : slot.startMs / 1000) !== true)
        fates.push('repeated');
      else {
        fates.push(refusal ?? 'added');
        if (refusal === undefined) await addSlot(transaction, database.engine, slot, rows.get(slot) ?? [], pruned);
      }
    }
    for (const sender of senders.values()) await sender.write(transaction);
    return { fates, received: [...senders.values()].map(({ received }) => received) };
  });
}

function refusalOf(slot: Slot, nowS: number): SlotFate | undefined {
  const { node, epoch, sequence, startMs, periodMs, rows } = slot;
  const isWhole = Number.isSafeInteger(sequence) && sequence > 0 && Number.isSafeInteger(startMs) && startMs >= 0;
  const isNamed = node !== '' && epoch !== '' && node.length <= 256 && epoch.length <= 64;
  if (!isWhole || !isNamed || periodMs !== SLOT_MS || startMs % periodMs !== 0) return 'malformed';
  if (rows.some(({ key }) => key.length !== DIMENSIONS.length)) return 'malformed';
  if (startMs / 1000 < nowS - REMEMBERED_S) return 'too_old';
  return startMs / 1000 > nowS + MAX_AHEAD_S ? 'ahead' : undefined;
}

/** Pauses between rows, since the same thread may decide Checks. */
async function rowsOf(numbers: SeriesNumbers, { rows }: Slot): Promise<StoredRow[]> {
  const stored: StoredRow[] = [];
  for (let from = 0; from < rows.length; from += ROWS_A_TURN) {
    if (from > 0) await pause();
    const some = rows.slice(from, from + ROWS_A_TURN);
    const ids = await numbers.numbersOf(some.map(({ key }) => key));
    for (const [at, row] of some.entries()) stored.push(storedRow(ids[at] as number, row));
  }
  return stored;
}

function nameOf({ node, epoch }: Pick<Slot, 'node' | 'epoch'>): string {
  return `${epoch} ${node}`;
}

/** All processes lock in the same order, so that no two wait for each other. */
async function readSenders(
  transaction: Transaction<HistoryTables>,
  engine: Database<unknown>['engine'],
  slots: readonly Slot[],
  refusals: readonly (SlotFate | undefined)[],
): Promise<Map<string, Receipts>> {
  const named = new Map(
    slots.flatMap((slot, at) => (refusals[at] === 'malformed' ? [] : [[nameOf(slot), slot] as const])),
  );
  const senders = new Map<string, Receipts>();
  for (const [name, { node, epoch }] of [...named].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    senders.set(name, await Receipts.read(transaction, engine, node, epoch));
  }
  return senders;
}

/** For each level: rows before this time were deleted. */
async function prunedS(transaction: Transaction<HistoryTables>): Promise<number[]> {
  const rows = await transaction.selectFrom('history_level').select(['level', 'pruned_s']).orderBy('level').execute();
  return rows.map(({ pruned_s: pruned }) => pruned);
}

async function addSlot(
  transaction: Transaction<HistoryTables>,
  engine: Database<unknown>['engine'],
  slot: Slot,
  rows: readonly StoredRow[],
  pruned: readonly number[],
): Promise<void> {
  const startS = slot.startMs / 1000;
  // A late slot is added to the finest level that still has its time: a coarser row whose finer rows were deleted
  // can't be computed again.
  const index = LEVELS.findIndex((_, at) => startS >= (pruned[at] ?? 0));
  if (index === -1) return;
  const level = levelAt(index);
  const period = periodOf(level, startS);
  await addRows(transaction, engine, level, period, mergeable(rows));
  await addCompleteness(transaction, index, slot);
  if (index > 0) await rollViews(transaction, engine, index, period);
  await markDue(transaction, index, startS);
}

/** Merges rows with the same key: PostgreSQL refuses a statement that writes one row twice. */
function mergeable(rows: readonly StoredRow[]): readonly StoredRow[] {
  const bySeries = new Map<number, StoredRow>();
  for (const row of rows) {
    const known = bySeries.get(row[0] as number);
    bySeries.set(
      row[0] as number,
      known === undefined ? row : row.map((value, at) => mergedValue(at, known[at], value)),
    );
  }
  return [...bySeries.values()];
}

function mergedValue(at: number, known: number | string | undefined, value: number | string): number | string {
  if (at === 0) return value;
  return typeof value === 'string' ? `${String(known)}${value}` : (known as number) + value;
}
