import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import { resourceText } from './chain.ts';
import { keyText } from './conflict.ts';
import type { Head } from './log.ts';
import { changeRowsAfter, headOf, PAGE, resourcePages } from './read.ts';
import { Replay, replayedOf } from './replay.ts';
import type { RegistryKysely, RegistryTables } from './tables.ts';

export interface Verified {
  readonly head: Head;
  /** Empty: everything is as it was written. */
  readonly problems: readonly string[];
}

/** Computes every hash anew, and compares the resources with what the changes come to. */
export async function verifyLog(database: Database<RegistryTables>): Promise<Verified> {
  const replay = new Replay();
  // Most of it is read while others write: changes never change.
  await replayRest(replay, database.kysely);
  return consistently(database, (inside) => verifyWithin(inside, replay));
}

/** Reads all of one moment. In SQLite nobody writes meanwhile. */
export async function consistently<Tables, Result>(
  { kysely, engine }: Database<Tables>,
  read: (inside: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  const transaction = kysely.transaction();
  const consistent = engine === 'postgres' ? transaction.setIsolationLevel('repeatable read') : transaction;
  return consistent.execute(read);
}

/** @param replay of the changes that were read already */
export async function verifyWithin(
  inside: Transaction<RegistryTables>,
  replay: Replay = new Replay(),
): Promise<Verified> {
  const head = await headOf(inside);
  await replayRest(replay, inside);
  for await (const { page } of resourcePages(inside)) {
    for (const resource of page) replay.compare(keyText(resource), resourceText(resource));
  }
  replay.end(head);
  return { head, problems: replay.problems };
}

export async function replayRest(replay: Replay, kysely: RegistryKysely): Promise<void> {
  for (;;) {
    const rows = await changeRowsAfter(kysely, replay.revision, PAGE);
    for (const row of rows) replay.take(replayedOf(row));
    if (rows.length < PAGE) return;
  }
}
