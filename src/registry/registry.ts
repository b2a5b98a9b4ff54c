import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { Conflict } from './conflict.ts';
import type { Author, Change, Head, Resource, ResourceKey, ResourceLog, Write } from './log.ts';
import { changeOf, changeRowsAfter, headOf, resourcePages, resourcesOf, resourcesOfKind } from './read.ts';
import type { RegistryTables } from './tables.ts';
import { verifyLog } from './verify.ts';
import type { Verified } from './verify.ts';
import { writeWithin } from './write.ts';
import type { Written } from './write.ts';

/** Tells that others have written. Some may be lost: it is a hint. */
export interface Notices {
  listen(onNotice: () => void): void;
  /** Within the transaction of a write: it is told when that is committed. */
  tell(transaction: Parameters<typeof writeWithin>[0]): Promise<void>;
  close(): Promise<void>;
}

/** What becomes of writes and statements. None of these may throw. */
export interface RegistryObserver {
  written(changes: number): void;
  /** Somebody else has written first, or has the resource. */
  conflict(): void;
  databaseFault(): void;
}

export interface RegistryPorts {
  readonly clock: Clock;
  /** Undefined: no other process writes. */
  readonly notices: Notices | undefined;
  readonly observer?: RegistryObserver | undefined;
}

type TakePage = Parameters<ResourceLog['scan']>[0];

/** A reading of everything that has not read anything yet. */
interface BeginningScan {
  readonly takers: TakePage[];
  readonly head: Promise<Head>;
}

/** The log on a database, with what the control plane alone asks of it. */
export class Registry implements ResourceLog {
  readonly #database: Database<RegistryTables>;
  readonly #ports: RegistryPorts;
  readonly #listeners = new Set<(revision: number) => void>();
  /** The latest that listeners were told of. */
  #told = 0;
  #beginning: BeginningScan | undefined;

  constructor(database: Database<RegistryTables>, ports: RegistryPorts) {
    this.#database = database;
    this.#ports = ports;
    ports.notices?.listen(() => {
      // Who asks next finds out why.
      void this.head().catch(() => {});
    });
  }

  /** For people: where the log is. */
  get place(): string {
    return this.#database.name;
  }

  async head(): Promise<Head> {
    const head = await headOf(this.#database.kysely);
    this.#tell(head.revision);
    return head;
  }

  async snapshot(): Promise<{ readonly head: Head; readonly resources: readonly Resource[] }> {
    const resources: Resource[] = [];
    const head = await this.scan((page) => void resources.push(...page));
    return { head, resources };
  }

  /** By kind, namespace and name. Those who ask at the same time share one reading. */
  scan(take: TakePage): Promise<Head> {
    const scan = (this.#beginning ??= this.#begin());
    scan.takers.push(take);
    return scan.head;
  }

  #begin(): BeginningScan {
    const takers: TakePage[] = [];
    const transaction = this.#database.kysely.transaction();
    const consistent =
      this.#database.engine === 'postgres' ? transaction.setIsolationLevel('repeatable read') : transaction;
    const closeToOthers = (): void => {
      if (this.#beginning?.takers === takers) this.#beginning = undefined;
    };
    const head = consistent.execute(async (inside) => {
      // Who comes later might have seen more than this reads.
      closeToOthers();
      const read = await headOf(inside);
      for await (const { page, texts } of resourcePages(inside)) for (const take of takers) take(page, texts);
      return read;
    });
    // Where it did not come to that.
    head.catch(closeToOthers);
    return { takers, head };
  }

  /** Those that there are, in no order. */
  async resources(keys: readonly ResourceKey[]): Promise<readonly Resource[]> {
    return resourcesOf(this.#database.kysely, this.#database.engine, keys);
  }

  async changesAfter(revision: number, limit: number): Promise<readonly Change[]> {
    return (await changeRowsAfter(this.#database.kysely, revision, limit)).map(changeOf);
  }

  async hashAt(revision: number): Promise<string | undefined> {
    const row = await this.#database.kysely
      .selectFrom('registry_change')
      .select('hash')
      .where('revision', '=', revision)
      .executeTakeFirst();
    return row?.hash;
  }

  async write(writes: readonly Write[], author: Author, checkedAt?: number): Promise<Written> {
    const { kysely, engine } = this.#database;
    const { clock, notices, observer } = this.#ports;
    const writing = kysely.transaction().execute(async (transaction) => {
      const made = await writeWithin(transaction, engine, { writes, author, at: clock.now(), checkedAt });
      if (made.changes.length > 0) await notices?.tell(transaction);
      return made;
    });
    const written = await writing.catch((error: unknown) => {
      if (error instanceof Conflict) observer?.conflict();
      throw error;
    });
    observer?.written(written.changes.length);
    this.#tell(written.head.revision);
    return written;
  }

  /** All resources of a kind, by namespace and name. */
  async ofKind(kind: string): Promise<readonly Resource[]> {
    return resourcesOfKind(this.#database.kysely, kind);
  }

  /** Whether everything is as it was written. */
  async verify(): Promise<Verified> {
    return verifyLog(this.#database);
  }

  onChange(listener: (revision: number) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    await this.#ports.notices?.close();
    await this.#database.close();
  }

  #tell(revision: number): void {
    if (revision <= this.#told) return;
    this.#told = revision;
    for (const listener of this.#listeners) listener(revision);
  }
}
