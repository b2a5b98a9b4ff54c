import type { KeyObject } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Head } from '../registry/log.ts';
import { PAGE } from '../registry/read.ts';
import { Replay } from '../registry/replay.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { consistently, replayRest, verifyWithin } from '../registry/verify.ts';
import type { Link } from './chain.ts';
import { HeadCheck } from './head-check.ts';
import type { SignedHead } from './head.ts';
import { eventRowsAfter } from './reading.ts';
import { EventReplay } from './replay.ts';
import { eventHeadOf } from './store.ts';
import type { AuditKysely, AuditTables } from './tables.ts';

export interface AuditVerified {
  readonly head: Head;
  readonly events: Link;
  /** The first event that is there: earlier ones were removed; undefined: all of them are there. */
  readonly firstEvent: number | undefined;
  /** Empty: everything is as it was written. */
  readonly problems: readonly string[];
}

export interface AuditVerifyOptions {
  /** Of this trail. */
  readonly publicKey: KeyObject | undefined;
  /** A head that was kept elsewhere. */
  readonly against: SignedHead | undefined;
}

/** Computes all hashes of both chains anew, and compares resources and heads with what they come to. */
export async function verifyAudit(
  database: Database<AuditTables>,
  { publicKey, against }: AuditVerifyOptions,
): Promise<AuditVerified> {
  const changes = new Replay();
  const events = new EventReplay({ hashAt: (revision) => changes.hashAt(revision), publicKey });
  const { kysely } = database;
  const tells = new HeadCheck(against, publicKey);
  // Most of it is read while others write: what was written never changes.
  await replayRest(changes, (database as unknown as Database<RegistryTables>).kysely);
  await replayEvents(events, kysely, tells);
  return consistently(database, async (inside) => {
    const { head } = await verifyWithin(inside, changes);
    await replayEvents(events, inside, tells);
    const last = await eventHeadOf(inside);
    events.end(last);
    const histories = await inside.selectFrom('registry_history').select('history').execute();
    tells.end(
      { revision: changes.revision, hashAt: (revision) => changes.hashAt(revision), sequence: events.sequence },
      events.first,
      histories.map(({ history }) => history),
    );
    const problems = [...changes.problems, ...events.problems, ...tells.problems];
    return { head, events: last, firstEvent: events.first, problems };
  });
}

async function replayEvents(replay: EventReplay, kysely: AuditKysely, tells: HeadCheck): Promise<void> {
  for (;;) {
    const rows = await eventRowsAfter(kysely, replay.sequence, PAGE);
    for (const row of rows) {
      replay.take(row);
      tells.take(row);
    }
    if (rows.length < PAGE) return;
  }
}
