import type { KeyObject } from 'node:crypto';
import type { Clock, Timers } from '../clock.ts';
import type { Fault } from '../errors.ts';
import { sentenceOf } from '../errors.ts';
import type { FileAccess } from '../file-access.ts';
import { CacheFault, readRecords } from './cache-records.ts';
import type { FollowedSource, Following } from './control-source-ports.ts';
import { toPositionMessage } from './position.ts';
import type { Position } from './position.ts';
import { readSnapshot, SnapshotFault } from './snapshot-file.ts';
import { Transaction, UnfitUpdate } from './transaction.ts';

export interface SnapshotFollowerOptions {
  readonly file: string;
  readonly publicKey: KeyObject;
  /** With which its documents are encrypted; undefined: they are not. */
  readonly cacheKey: Buffer | undefined;
  /** One that is older than what is in force, or of another log, is taken too. */
  readonly takesOlder: boolean;
}

export interface SnapshotFollowerPorts {
  readonly followed: FollowedSource;
  readonly access: FileAccess;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly events: SnapshotEvents;
}

/** What the follower of a file has to tell. None of these may throw. */
export interface SnapshotEvents {
  inForce(position: Position): void;
  rejected(position: Position, faults: readonly Fault[]): void;
  /** The file is not used. @param isFirst nothing is in force of an earlier one */
  refused(why: string, isFirst: boolean): void;
}

const LOOK_MS = 1000;
const MOST_BYTES = 1024 * 1024 * 1024;

/** Follows a signed file in place of a control plane: each that takes its place is put in force, and never an older one. */
export class SnapshotFollower implements Following {
  readonly #options: SnapshotFollowerOptions;
  readonly #ports: SnapshotFollowerPorts;
  #seen = '';
  #isClosed = false;
  #cancel = (): void => {};
  #running: Promise<void> = Promise.resolve();

  constructor(options: SnapshotFollowerOptions, ports: SnapshotFollowerPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  start(): void {
    this.#running = this.#look();
  }

  tell(): void {
    // Nobody hears of it.
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  async #look(): Promise<void> {
    const now = await this.#fingerprint();
    if (now !== this.#seen) {
      this.#seen = now;
      await this.#take();
    }
    if (this.#isClosed) return;
    this.#cancel = this.#ports.timers.after(LOOK_MS, () => void (this.#running = this.#look()));
  }

  async #fingerprint(): Promise<string> {
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = await this.#ports.access.stat(this.#options.file);
      return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
  }

  async #take(): Promise<void> {
    const { followed, events } = this.#ports;
    const { replica } = followed;
    const isFirst = replica.position === undefined;
    try {
      const changed = await this.#read();
      const enforced = await followed.enforce(changed);
      const { position } = replica;
      if (position === undefined) return;
      if (enforced.isInForce) events.inForce(position);
      else events.rejected(position, enforced.faults);
    } catch (error) {
      const isOurs = [SnapshotFault, CacheFault, UnfitUpdate].some((kind) => error instanceof kind);
      events.refused(isOurs ? (error as Error).message : sentenceOf(error), isFirst);
    }
  }

  /** @throws (rejects with) SnapshotFault, CacheFault, UnfitUpdate, or the system's error */
  async #read() {
    const { file, publicKey, cacheKey, takesOlder } = this.#options;
    const { followed, access } = this.#ports;
    const { head, documents } = readSnapshot(await access.read(file, MOST_BYTES), publicKey);
    if (head.isEncrypted && cacheKey === undefined)
      throw new SnapshotFault('is encrypted: give --cache-key-file with the key that it was exported with');
    if (!takesOlder) refuseOlder(followed.replica.position, head);
    const { replica } = readRecords(documents, head.isEncrypted ? cacheKey : undefined);
    const { position, stateHash, resources } = replica;
    if (position === undefined || position.revision !== head.revision || position.history !== head.history)
      throw new SnapshotFault('does not hold what it says');
    const transaction = new Transaction();
    transaction.replaceBy(resources.values());
    const adopted = takesOlder;
    const changed = transaction.commit(followed.replica, { position: toPositionMessage(position), stateHash, adopted });
    if (changed === undefined) throw new SnapshotFault('does not hold what it says');
    followed.heard(head.createdAt);
    return changed;
  }
}

/** @throws SnapshotFault */
function refuseOlder(before: Position | undefined, { history, revision, chainHash }: Position): void {
  if (before === undefined || before.revision === 0) return;
  const unless = 'to take it all the same, give --allow-older-snapshot';
  if (history !== before.history)
    throw new SnapshotFault(`is of the log ${history}, and what is in force of ${before.history}: ${unless}`);
  if (revision < before.revision)
    throw new SnapshotFault(
      `is older than what is in force, revision ${revision} and not ${before.revision}: ${unless}`,
    );
  if (revision === before.revision && chainHash !== before.chainHash)
    throw new SnapshotFault(`has another revision ${revision} than the one that is in force: ${unless}`);
}
