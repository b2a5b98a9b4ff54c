import type { Fault } from '../errors.ts';
import type { Delivery, DocumentSource, Outcome } from '../source/document-source.ts';
import type { ControlSourceOptions, ControlSourcePorts, Following } from './control-source-ports.ts';
import type { Enforced } from './conversation.ts';
import type { SyncedResource } from './resource-key.ts';
import { lacksValues } from './secret-values.ts';
import { SetReader } from './set-reader.ts';
import { Replica } from './transaction.ts';
import type { Changed } from './transaction.ts';

/** Options that name files: `file`, `files`, `authoritiesFile` … */
const NAMES_FILES = /[fF]iles?":/;
/** How often the cache is told that the control plane was heard. */
const TOUCH_MS = 30_000;

/** The documents of a control plane: first those on disk, then what the control plane sends. */
export class ControlSource implements DocumentSource {
  readonly tellsChanges = true;
  readonly #ports: ControlSourcePorts;
  #take: (delivery: Delivery) => Promise<Outcome> = () => Promise.resolve({ result: 'outdated' });
  #replica = new Replica();
  #following: Following | undefined;
  readonly #first = Promise.withResolvers<Outcome>();
  /** Of the first documents that are in force, or some of them. */
  #outcome: Outcome | undefined;
  /** All documents were in force at some time; until then each delivery is whole. */
  #wasWhole = false;
  #isClosed = false;
  #enforcedRevision = 0;
  #faults: readonly Fault[] = [];
  /** What has changed since documents were delivered last. */
  readonly #undelivered = new Set<string>();
  /** What has changed since documents were in force last, with what was in force. */
  readonly #before = new Map<string, SyncedResource | undefined>();
  readonly #reader: SetReader;
  #enforcing: Promise<unknown> = Promise.resolve();
  #heardAt = 0;
  #touchedAt = -Infinity;

  constructor({ addresses }: ControlSourceOptions, ports: ControlSourcePorts) {
    this.#ports = ports;
    this.#reader = new SetReader(addresses, ports.clock);
  }

  /** When the control plane was last heard. */
  get lookedAt(): number {
    return this.#heardAt;
  }

  /** What is in force; the replica may be ahead of it. */
  *inForce(): Iterable<SyncedResource> {
    for (const resource of this.#replica.resources.values()) if (!this.#before.has(resource.key)) yield resource;
    for (const resource of this.#before.values()) if (resource !== undefined) yield resource;
  }

  async open(take: (delivery: Delivery) => Promise<Outcome>): Promise<Outcome> {
    this.#take = take;
    await this.#fromCache();
    // Else a follower would live on that nobody ends, and end the credential of the next one.
    if (this.#isClosed) return { result: 'outdated' };
    this.#following = this.#ports.follow({
      replica: this.#replica,
      enforcedRevision: () => this.#enforcedRevision,
      lacksSecrets: () => this.#replica.resources.values().some(lacksValues),
      enforce: (changed) => this.#enforce(changed, true),
      heard: (at) => this.#heard(at),
    });
    return this.#first.promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#following?.close();
    this.#first.resolve({ result: 'outdated' });
    // What is being written is written whole.
    await this.#enforcing;
    await this.#ports.cache?.close().catch(() => {});
  }

  /** First what was in force, and then what came after it: so what was held back is again. */
  async #fromCache(): Promise<void> {
    const { cache, events } = this.#ports;
    try {
      const cached = await cache?.load();
      if (cached === undefined) return;
      this.#heardAt = cached.heardAt;
      this.#enforcedRevision = cached.enforcedRevision;
      this.#replica = cached.replica;
      for (const key of cached.replica.resources.keys()) this.#undelivered.add(key);
      if (cached.before.size > 0) {
        for (const [key, resource] of cached.before) this.#before.set(key, resource);
        this.#faults = await this.#deliver(new Map(Array.from(this.inForce(), (each) => [each.key, each])));
        for (const key of cached.before.keys()) this.#undelivered.add(key);
        if (this.#faults.length > 0) this.#enforcedRevision = 0;
        if (this.#faults.length === 0 || this.#isServing) await this.#enforce(new Map(), false);
      } else {
        await this.#enforce(new Map(), false);
        if (this.#faults.length > 0) this.#enforcedRevision = 0;
      }
      if (!this.#isServing) events.cacheFault(`the documents on disk have faults: ${this.#faults[0]?.message ?? ''}`);
    } catch (error) {
      events.cacheFault(`the documents on disk are not used: ${(error as Error).message}`);
    }
  }

  #heard(at = this.#ports.clock.now()): void {
    const { cache, clock } = this.#ports;
    this.#heardAt = at;
    if (cache === undefined || clock.monotonic() - this.#touchedAt < TOUCH_MS) return;
    this.#touchedAt = clock.monotonic();
    // Another time will do.
    void cache.heard(this.#heardAt).catch(() => {});
  }

  /** Files that documents name have changed: what names any is made anew. Never rejects. */
  async filesChanged(): Promise<void> {
    const naming = new Map<string, SyncedResource>();
    for (const resource of this.#replica.resources.values()) {
      if (NAMES_FILES.test(resource.text)) naming.set(resource.key, resource);
    }
    if (naming.size === 0) return;
    const enforced = await this.#enforce(naming, false);
    this.#following?.tell(enforced);
  }

  /** What was held back may be in force now: another source of documents has changed. Never rejects. */
  async lookAgain(): Promise<void> {
    if (this.#before.size === 0) return;
    for (const key of this.#before.keys()) this.#undelivered.add(key);
    this.#following?.tell(await this.#enforce(new Map(), false));
  }

  /** One after the other. Never rejects. */
  #enforce(changed: Changed, isNew: boolean): Promise<Enforced> {
    const enforcing = this.#enforcing.then(() => this.#enforceNow(changed, isNew));
    this.#enforcing = enforcing;
    return enforcing;
  }

  async #enforceNow(changed: Changed, isNew: boolean): Promise<Enforced> {
    for (const [key, before] of changed) {
      this.#undelivered.add(key);
      if (!this.#before.has(key)) this.#before.set(key, before);
    }
    const wasServing = this.#isServing;
    const isSame = wasServing && this.#undelivered.size === 0;
    if (!isSame) this.#faults = await this.#deliver();
    // Nothing was in force before: what is enforced is made of these documents alone, faulty or not.
    const isFirst = !wasServing && this.#isServing;
    if (isNew) await this.#keep(changed, this.#faults.length === 0 || isFirst);
    if (this.#outcome !== undefined) this.#first.resolve(this.#outcome);
    if (this.#faults.length > 0) {
      if (isFirst) this.#before.clear();
      return { isInForce: false, faults: this.#faults };
    }
    this.#enforcedRevision = this.#replica.position?.revision ?? 0;
    this.#before.clear();
    return { isInForce: true };
  }

  /**
   * @param all what is delivered in place of the replica
   * @returns why some of it is not in force; empty: all is
   */
  async #deliver(all?: ReadonlyMap<string, SyncedResource>): Promise<readonly Fault[]> {
    const { clock, readFile, relay } = this.#ports;
    const isWhole = all !== undefined || !this.#wasWhole;
    const keys = this.#undelivered;
    const set = await this.#reader.read({ resources: all ?? this.#replica.resources, keys, isWhole });
    const outcome = await this.#take({ set, readAt: clock.now(), readFile, stillHolds: async () => true });
    if (outcome.result === 'outdated') return [closing()];
    // Faulty ones too: they are delivered, and what mends them will be the next change.
    this.#undelivered.clear();
    if (outcome.result === 'in_force') this.#wasWhole = true;
    if (outcome.result === 'in_force' || outcome.isInForce) this.#outcome ??= outcome;
    // Where documents have faults, the others may still be in force.
    const others = this.#isServing ? ((await relay?.enforce(...this.sinceInForce())) ?? []) : [];
    return outcome.result === 'faulty' ? outcome.faults : others;
  }

  /** Requests are decided, whether by all of the documents or by some. */
  get #isServing(): boolean {
    return this.#outcome !== undefined;
  }

  /** What has changed since all was in force: some of it may be held back. */
  sinceInForce(): readonly [SyncedResource[], string[]] {
    const upserts: SyncedResource[] = [];
    const removals: string[] = [];
    for (const key of this.#before.keys()) {
      const resource = this.#replica.resources.get(key);
      if (resource === undefined) removals.push(key);
      else upserts.push(resource);
    }
    return [upserts, removals];
  }

  /** @param isInForce what is enforced is made of this alone */
  async #keep(changed: Changed, isInForce: boolean): Promise<void> {
    const { cache, events } = this.#ports;
    const { position, resources, stateHash } = this.#replica;
    if (cache === undefined || position === undefined) return;
    const commit = { position, stateHash, adopted: false };
    try {
      await cache.save({ resources, keys: changed.keys(), commit, isInForce });
    } catch (error) {
      events.cacheFault(`the documents can not be kept on disk: ${(error as Error).message}`);
    }
  }
}

function closing(): Fault {
  return { file: 'ostiary', line: 0, column: 0, field: '', message: 'this sidecar ends' };
}
