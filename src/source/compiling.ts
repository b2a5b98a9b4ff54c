import { Compiler } from '../document/compiler.ts';
import type { Compiled, CompileFailure, CompileOptions } from '../document/compiler.ts';
import type { ChangeSet, CompleteSet, DocumentKey } from '../document/document-set.ts';
import { Faults, unexpectedFault } from '../document/fault.ts';
import { FileContents } from '../document/file-contents.ts';
import type { Loaded, Place } from '../document/load.ts';
import { qualifiedName } from '../document/names.ts';
import type { Fault } from '../errors.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Delivery } from './document-source.ts';
import { keyFor, keyFrom, keyOf } from './document-keys.ts';
import type { Documents } from './document-keys.ts';
import { changedIn } from './hold-back.ts';
import { isolate } from './isolation.ts';
import type { Isolated } from './isolation.ts';
import { LastGood } from './last-good.ts';
import { unreadOf } from './unread.ts';
import { withhold } from './withhold.ts';
import { YoungApis } from './young-apis.ts';

/** What became of a delivery. */
export interface Taken {
  /** Has the documents of the snapshot, if there is one. */
  readonly compiler: Compiler;
  readonly compiled: Compiled;
  /** Of the documents as they were delivered; empty if all of them may be put in force. */
  readonly faults: readonly Fault[];
  /** Kind and name of those that are not as their authors want them. */
  readonly held: readonly string[];
}

export interface CompilingOptions extends Omit<CompileOptions, 'readFile' | 'contents'> {
  /** False: one fault, and nothing of a delivery is put in force. */
  readonly isolates: boolean;
  readonly tellsChanges: boolean;
}

/** Makes snapshots of deliveries: of all of it, or, once there is a snapshot, of what has no faults. */
export class Compiling {
  readonly #options: CompilingOptions;
  readonly #lastGood: LastGood;
  /** Of the files that documents name: a reload parses those that have changed. */
  readonly #contents = new FileContents();
  /** Of documents that are held back: what their authors want; undefined: that they go. */
  #pending = new Map<string, Pending>();
  #hasSnapshot = false;

  constructor(options: CompilingOptions) {
    this.#options = options;
    this.#lastGood = new LastGood(options.clock);
  }

  /** @param latest took the changes before this one @param owner of the snapshot in force */
  async take(delivery: Delivery, latest: Compiler | undefined, owner: Compiler | undefined): Promise<Taken> {
    const { set } = delivery;
    if (set.complete) return this.#takeAll(set, delivery, owner);
    if (latest === undefined) throw new TypeError('a source delivers all documents before it tells changes');
    return this.#takeChanges(set, latest);
  }

  /** The documents of this compiler are in force. */
  inForce(compiler: Compiler, { withheld }: Snapshot): void {
    // Where every request is denied, nothing is known that is good.
    this.#hasSnapshot = withheld === undefined;
    const { isolates, tellsChanges } = this.#options;
    if (isolates && !tellsChanges) this.#lastGood.keep(compiler.documents());
  }

  async #takeAll(set: CompleteSet, delivery: Delivery, owner: Compiler | undefined): Promise<Taken> {
    const unread = unreadOf(set);
    const compiler = this.#compilerFor(delivery);
    const compiled = await compiler.apply(set).catch(unexpected);
    this.#pending.clear();
    if (compiled.snapshot !== undefined) return { compiler, compiled, faults: [], held: [] };
    const failed = { compiler, compiled, faults: compiled.faults, held: [] };
    if (!this.#hasSnapshot) return (await this.#start(set, delivery, failed)) ?? failed;
    if (!this.#options.isolates || unread === undefined) return failed;
    const { tellsChanges } = this.#options;
    const good = tellsChanges ? documentsOf(owner) : await this.#lastGood.recall();
    const wanted = new Map<string, Loaded>();
    const faulty = new Set<string>();
    for (const loaded of set.documents) {
      if (unread.has(loaded.place)) continue;
      const key = keyOf(loaded);
      if (!wanted.has(key)) wanted.set(key, loaded);
      if (compiled.places.has(loaded.place)) faulty.add(key);
    }
    for (const [key, loaded] of good) {
      const isMoved = !wanted.has(key) && unread.mayHave(key);
      if (!isMoved && !unread.hasKept(key, loaded.place)) continue;
      wanted.set(key, loaded);
      faulty.add(key);
    }
    const young = new YoungApis({ good, wanted, broken: set.broken });
    young.waitForBroken(wanted, faulty);
    let made = compiler;
    const isolated = await isolate({
      alsoWaiting: (loaded) => young.concernedBy(loaded.document),
      good,
      wanted,
      faulty,
      isUnreadable: unread.mayBeForAnyApi((key) => good.has(key)),
      mayBeNewApi: unread.mayBeNewApi((key) => good.has(key)),
      compile: async (documents) => {
        made.close();
        made = this.#compilerFor(delivery);
        return made.apply(soundSet([...documents.values()], set)).catch(unexpected);
      },
    });
    if (isolated === undefined) {
      if (!tellsChanges || owner === undefined) {
        const waiting = new Set([...faulty, ...changedIn(good, wanted)]);
        return { ...failed, compiler: made, held: [...waiting] };
      }
      // Later changes are held against what is in force.
      made.close();
      const held = new Set([...faulty, ...changedIn(good, wanted)]);
      this.#holdBack({ held }, wanted);
      return { ...failed, compiler: owner, held: [...held] };
    }
    this.#holdBack(isolated, wanted);
    return { compiler: made, compiled: isolated.compiled, faults: compiled.faults, held: [...isolated.held] };
  }

  /** Without anything that could stay as it was. @returns undefined if nothing can be made of it */
  async #start(
    set: CompleteSet,
    delivery: Delivery,
    { compiler, compiled }: { readonly compiler: Compiler; readonly compiled: CompileFailure },
  ): Promise<Taken | undefined> {
    if (!this.#options.isolates || set.isAbsent === true) return undefined;
    let made = compiler;
    const started = await withhold({
      set,
      failure: compiled,
      compile: async (documents, withheld) => {
        made.close();
        made = this.#compilerFor(delivery);
        return made.apply({ ...soundSet(documents, set), withheld }).catch(unexpected);
      },
    });
    if (started === undefined) return undefined;
    const wanted = new Map(set.documents.map((loaded) => [keyOf(loaded), loaded]));
    this.#holdBack({ held: new Set([...started.held].filter((key) => wanted.has(key))) }, wanted);
    return { compiler: made, compiled: started.compiled, faults: compiled.faults, held: [...started.held] };
  }

  async #takeChanges(set: ChangeSet, compiler: Compiler): Promise<Taken> {
    const changes = this.#withPending(set);
    const before = new Map(keysOf(changes).map((key) => [keyFor(key.kind, key.name), compiler.document(key)]));
    const compiled = await compiler.apply(changes).catch(unexpected);
    if (compiled.snapshot !== undefined) {
      this.#pending.clear();
      return { compiler, compiled, faults: [], held: [] };
    }
    const wanted = documentsOf(compiler);
    if (!this.#mayIsolate) {
      // What waits from before is out of date where these changes name it.
      this.#holdBack({ held: new Set(before.keys()) }, wanted);
      return { compiler, compiled, faults: compiled.faults, held: [] };
    }
    const good = new Map(wanted);
    for (const [key, loaded] of before) {
      if (loaded === undefined) good.delete(key);
      else good.set(key, loaded);
    }
    const faulty = [...wanted].filter(([, { place }]) => compiled.places.has(place)).map(([key]) => key);
    const compile = (documents: Documents): Promise<Compiled> =>
      compiler.apply(changesBetween(documentsOf(compiler), documents)).catch(unexpected);
    const young = new YoungApis({ good, wanted, broken: [] });
    const alsoWaiting = (loaded: Loaded): readonly string[] => young.concernedBy(loaded.document);
    const isolated = await isolate({ alsoWaiting, good, wanted, faulty, isUnreadable: false, compile });
    if (isolated === undefined) {
      // The compiler has what is in force, so that a later change is held against that.
      await compile(good);
      this.#holdBack({ held: new Set(before.keys()) }, wanted);
      return { compiler, compiled, faults: compiled.faults, held: [...before.keys()] };
    }
    this.#holdBack(isolated, wanted);
    return { compiler, compiled: isolated.compiled, faults: compiled.faults, held: [...isolated.held] };
  }

  get #mayIsolate(): boolean {
    return this.#options.isolates && this.#hasSnapshot;
  }

  /** A source that tells changes does not tell them again. */
  #holdBack({ held }: Pick<Isolated, 'held'>, wanted: Documents): void {
    this.#pending.clear();
    if (!this.#options.tellsChanges) return;
    for (const key of held) this.#pending.set(key, { wanted: wanted.get(key) });
  }

  /** The changes, and those of before that were held back: they may fit now. */
  #withPending(set: ChangeSet): ChangeSet {
    if (this.#pending.size === 0) return set;
    const named = new Set(keysOf(set).map(({ kind, name }) => keyFor(kind, name)));
    const upserts = [...set.upserts];
    const removals = [...set.removals];
    for (const [key, { wanted }] of this.#pending) {
      if (named.has(key)) continue;
      if (wanted === undefined) removals.push(keyFrom(key));
      else upserts.push(wanted);
    }
    return { complete: false, upserts, removals };
  }

  #compilerFor(delivery: Delivery): Compiler {
    return new Compiler({
      ...this.#options,
      contents: this.#contents,
      readFile: (path, maxBytes) => delivery.readFile(path, maxBytes),
    });
  }
}

interface Pending {
  readonly wanted: Loaded | undefined;
}

function soundSet(documents: readonly Loaded[], { sources }: CompleteSet): CompleteSet {
  return { complete: true, documents, broken: [], faults: new Faults(), sources };
}

function documentsOf(compiler: Compiler | undefined): Map<string, Loaded> {
  const documents = new Map<string, Loaded>();
  for (const loaded of compiler?.documents() ?? []) documents.set(keyOf(loaded), loaded);
  return documents;
}

function keysOf({ upserts, removals }: ChangeSet): readonly DocumentKey[] {
  const upserted = upserts.map(({ document: { kind, metadata } }) => ({ kind, name: qualifiedName(metadata) }));
  return [...upserted, ...removals];
}

function changesBetween(from: Documents, to: Documents): ChangeSet {
  return {
    complete: false,
    upserts: [...to].filter(([key, loaded]) => from.get(key) !== loaded).map(([, loaded]) => loaded),
    removals: [...from.keys()].filter((key) => !to.has(key)).map(keyFrom),
  };
}

/** An unexpected failure leaves the last good snapshot in force, like a fault. */
function unexpected(error: unknown): Compiled {
  const places = new Set<Place>();
  return { faults: [unexpectedFault(error)], places, rivals: places, warnings: [], namedFiles: [] };
}
