import type { Commit, Update } from '../../gen/ostiary/v1/sync_pb.js';
import { readPosition } from './position.ts';
import type { Position, PositionMessage } from './position.ts';
import { keyText, qualifiedKey, StateHash } from './resource-key.ts';
import type { SyncedResource } from './resource-key.ts';

/** More than any control plane has: beyond it, what is sent is no longer kept. */
export const MOST_BYTES = 256 * 1024 * 1024;
/** A snapshot may be begun anew, but not for ever. */
const MOST_TIMES = 4;
/** Of a resource, beside its texts. */
const OVERHEAD_BYTES = 200;

/** What a control plane has sent can't be right: what was there before stays. */
export class UnfitUpdate extends Error {
  override name = 'UnfitUpdate';
}

/** All resources of the sidecar's scope, as of one position. */
export class Replica {
  #resources = new Map<string, SyncedResource>();
  #position: Position | undefined;
  #stateHash = 0n;

  get resources(): ReadonlyMap<string, SyncedResource> {
    return this.#resources;
  }

  /** Undefined: nothing was committed yet. */
  get position(): Position | undefined {
    return this.#position;
  }

  get stateHash(): bigint {
    return this.#stateHash;
  }

  /** Takes over what was checked. */
  become(position: Position, stateHash: bigint, { replacing, upserts, removals }: Step): void {
    if (replacing) this.#resources = new Map(upserts);
    else {
      // In place: a copy of 100,000 takes as long as to put one change in force.
      for (const key of removals) this.#resources.delete(key);
      for (const [key, resource] of upserts) this.#resources.set(key, resource);
    }
    this.#position = position;
    this.#stateHash = stateHash;
  }
}

type CommitMessage = Pick<Commit, 'stateHash' | 'adopted'> & { readonly position?: PositionMessage | undefined };

/** What keys had before. */
export type Changed = ReadonlyMap<string, SyncedResource | undefined>;

interface Step {
  readonly replacing: boolean;
  readonly upserts: ReadonlyMap<string, SyncedResource>;
  readonly removals: ReadonlySet<string>;
}

/** Messages up to their commit. */
export class Transaction {
  #isSnapshot = false;
  readonly #upserts = new Map<string, SyncedResource>();
  readonly #removals = new Set<string>();
  readonly #mostBytes: number;
  #bytes = 0;
  #receivedBytes = 0;

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Whether it takes the place of everything. */
  get isSnapshot(): boolean {
    return this.#isSnapshot;
  }

  /** @throws UnfitUpdate where it is more than a sidecar keeps */
  add({ snapshot, upserts, removals }: Update): void {
    if (snapshot) {
      this.#isSnapshot = true;
      this.#upserts.clear();
      this.#removals.clear();
      this.#bytes = 0;
    }
    for (const { kind, namespace, name, revision, createdRevision, owner, document } of upserts) {
      const key = keyText({ kind, namespace, name });
      this.#removals.delete(key);
      this.#upserts.set(key, {
        key,
        kind,
        namespace,
        name,
        revision: Number(revision),
        createdRevision: Number(createdRevision),
        owner,
        text: document,
      });
      this.#hold(key.length + document.length);
    }
    for (const removed of removals) {
      const key = keyText(removed);
      this.#upserts.delete(key);
      this.#removals.add(key);
      this.#hold(key.length);
    }
  }

  /** What was added so far is nothing, and these are all that there is. */
  replaceBy(resources: Iterable<SyncedResource>): void {
    this.#isSnapshot = true;
    this.#upserts.clear();
    this.#removals.clear();
    for (const resource of resources) this.#upserts.set(resource.key, resource);
  }

  #hold(bytes: number): void {
    this.#bytes += bytes + OVERHEAD_BYTES;
    this.#receivedBytes += bytes + OVERHEAD_BYTES;
    const most = this.#mostBytes;
    if (this.#bytes > most || this.#receivedBytes > MOST_TIMES * most)
      throw new UnfitUpdate(`more than ${most / 1024 / 1024} MiB were sent without an end`);
  }

  /** @throws UnfitUpdate where one of the resources is none that the sidecar may see */
  checkScope(isWithin: (resource: SyncedResource) => boolean): void {
    for (const resource of this.#upserts.values()) {
      if (!isWithin(resource))
        throw new UnfitUpdate(`${resource.kind} ${qualifiedKey(resource)} is not within the scope of this sidecar`);
    }
  }

  /**
   * Brings the replica to the commit.
   * @returns what has changed, each with what was there before; undefined: the hashes differ, so the two sides do not have
   * the same, and nothing was changed
   * @throws UnfitUpdate where the commit is not of a position that may follow
   */
  commit(replica: Replica, commit: CommitMessage): Changed | undefined {
    const position = this.#positionAfter(replica, commit);
    const { stateHash, changed } = this.#isSnapshot ? this.#replacing(replica) : this.#changing(replica);
    if (stateHash !== commit.stateHash) return undefined;
    const step = { replacing: this.#isSnapshot, upserts: this.#upserts, removals: this.#removals };
    replica.become(position, stateHash, step);
    return changed;
  }

  /**
   * As {@link commit}, of what was committed before and written down with a digest over it: it is not added up again.
   * @throws UnfitUpdate where the commit is not of a position that may follow
   */
  restore(replica: Replica, commit: CommitMessage): void {
    const position = this.#positionAfter(replica, commit);
    const step = { replacing: this.#isSnapshot, upserts: this.#upserts, removals: this.#removals };
    replica.become(position, commit.stateHash, step);
  }

  #positionAfter({ position: before }: Replica, commit: CommitMessage): Position {
    if (commit.position === undefined) throw new UnfitUpdate('a commit without a position');
    const position = readPosition(commit.position);
    checkPosition(before, position, commit.adopted && this.#isSnapshot);
    return position;
  }

  #replacing({ resources: before }: Replica): Outlook {
    const hash = new StateHash();
    const changed = new Map<string, SyncedResource | undefined>();
    for (const [key, resource] of this.#upserts) {
      hash.add(resource, resource.revision);
      if (differ(before.get(key), resource)) changed.set(key, before.get(key));
    }
    for (const [key, resource] of before) if (!this.#upserts.has(key)) changed.set(key, resource);
    return { stateHash: hash.value, changed };
  }

  #changing({ resources: before, stateHash }: Replica): Outlook {
    const hash = new StateHash(stateHash);
    const changed = new Map<string, SyncedResource | undefined>();
    const look = (key: string, after: SyncedResource | undefined): void => {
      const known = before.get(key);
      if (known !== undefined) hash.remove(known, known.revision);
      if (after !== undefined) hash.add(after, after.revision);
      if (differ(known, after)) changed.set(key, known);
    };
    for (const key of this.#removals) look(key, undefined);
    for (const [key, resource] of this.#upserts) look(key, resource);
    return { stateHash: hash.value, changed };
  }
}

interface Outlook {
  readonly stateHash: bigint;
  readonly changed: Changed;
}

function differ(before: SyncedResource | undefined, after: SyncedResource | undefined): boolean {
  return before?.revision !== after?.revision || before?.text !== after?.text;
}

/** Another history is taken only where an administrator has said so, and no history goes back. */
function checkPosition(before: Position | undefined, after: Position, isAdopted: boolean): void {
  if (before === undefined || before.revision === 0 || isAdopted) return;
  if (after.history !== before.history)
    throw new UnfitUpdate(
      `revision ${after.revision} is of the history ${after.history}, and not of ${before.history}`,
    );
  if (after.revision < before.revision)
    throw new UnfitUpdate(`revision ${after.revision} comes after ${before.revision}: a log does not go back`);
  if (after.revision === before.revision && after.chainHash !== before.chainHash)
    throw new UnfitUpdate(`revision ${after.revision} has another hash than before`);
}
