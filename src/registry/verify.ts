import { hash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import { canonicalJson } from '../document/version.ts';
import { chainHash, NO_HASH, resourceText } from './chain.ts';
import { keyText } from './conflict.ts';
import type { Head } from './log.ts';
import { changeRowsAfter, headOf, PAGE, resourcePages } from './read.ts';
import type { ChangeTable, RegistryKysely, RegistryTables } from './tables.ts';

export interface Verified {
  readonly head: Head;
  /** Empty: everything is as it was written. */
  readonly problems: readonly string[];
}

/** More problems than anyone reads. */
const MOST_PROBLEMS = 20;

/** What changes must come to: made of one after the other. */
class Replay {
  readonly problems: string[] = [];
  revision = 0;
  hash = NO_HASH;
  /** The digest of what each resource is, by its key. */
  readonly #resources = new Map<string, string>();

  take(row: ChangeTable): void {
    const { revision, before, after } = row;
    if (revision !== this.revision + 1) this.#tell(`revision ${this.revision + 1} is missing`);
    const key = keyText(row);
    const expected = chainHash(this.hash, {
      ...row,
      at: row.changed_at,
      before: canonical(before),
      after: canonical(after),
    });
    if (expected !== row.hash) this.#tell(`revision ${revision} (${key}) was changed after it was written`);
    if (digestOf(before) !== (this.#resources.get(key) ?? '')) {
      this.#tell(`revision ${revision} (${key}) does not follow from the changes before it`);
    }
    if (after === '') this.#resources.delete(key);
    else this.#resources.set(key, digestOf(after));
    this.revision = revision;
    this.hash = row.hash;
  }

  /** @param text of a resource as it is now */
  compare(key: string, text: string): void {
    if (this.#resources.get(key) !== digestOf(text)) this.#tell(`${key} is not what the log says`);
    this.#resources.delete(key);
  }

  end(head: Head): void {
    for (const key of this.#resources.keys())
      this.#tell(`${key} is missing, and the log does not say that it was deleted`);
    if (head.revision !== this.revision || head.hash !== this.hash) {
      this.#tell(`the head says revision ${head.revision}, and the last change is ${this.revision}`);
    }
  }

  #tell(problem: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }
}

/** Computes every hash anew, and compares the resources with what the changes come to. */
export async function verifyLog({ kysely, engine }: Database<RegistryTables>): Promise<Verified> {
  const replay = new Replay();
  // Most of it is read while others write: changes never change.
  await replayRest(replay, kysely);
  const transaction = kysely.transaction();
  const consistent = engine === 'postgres' ? transaction.setIsolationLevel('repeatable read') : transaction;
  return consistent.execute((inside) => verifyWithin(inside, replay));
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

async function replayRest(replay: Replay, kysely: RegistryKysely): Promise<void> {
  for (;;) {
    const rows = await changeRowsAfter(kysely, replay.revision, PAGE);
    for (const row of rows) replay.take(row);
    if (rows.length < PAGE) return;
  }
}

/** Text that is no JSON stays as it is: its hash is another one. */
function canonical(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return text;
  }
}

function digestOf(text: string): string {
  return text === '' ? '' : hash('sha256', text, 'base64');
}
