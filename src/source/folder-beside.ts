import type { CompleteSet, DocumentKey } from '../document/document-set.ts';
import { Faults } from '../document/fault.ts';
import type { Loaded, Place } from '../document/load.ts';
import { qualifiedName } from '../document/names.ts';
import type { Fault } from '../errors.ts';
import { Turns } from '../turns.ts';
import { withoutClashes } from './clashes.ts';
import { keyFor, keyOf } from './document-keys.ts';
import type { Delivery, DocumentSource, Outcome } from './document-source.ts';

export interface FolderBesideOptions {
  /** Delivers complete sets, of documents that stand in files. */
  readonly folder: DocumentSource;
  /** Delivers what others write; what it has of this owner is what the folder has already. */
  readonly central: DocumentSource;
  readonly ownerOfFiles: string;
  /** Told what became of each set of the folder. */
  readonly delivered?: (set: CompleteSet, outcome: Outcome) => void;
  /** Called where a change of the folder puts documents of the other source in force that have waited for it. */
  readonly freed?: () => void;
  /** Brings the folder's documents up to date where the other source tells that they have changed. Never rejects. */
  readonly lookAgain?: () => Promise<void>;
}

/**
 * The documents of a folder, and beside them those that others write. Neither takes the place of the other: a document of
 * the folder that has the kind and name of one of the others is a fault, with its file.
 */
export class FolderBeside implements DocumentSource {
  readonly tellsChanges = true;
  readonly #options: FolderBesideOptions;
  #take: (delivery: Delivery) => Promise<Outcome> = () => Promise.resolve({ result: 'outdated' });
  /** By kind and name. */
  readonly #central = new Map<string, Loaded>();
  /** What the other source could not read. */
  #unread: Pick<CompleteSet, 'broken' | 'faults' | 'sources' | 'unknown' | 'withheld'> = {
    broken: [],
    faults: new Faults(),
    sources: [],
  };
  #folder: Delivery | undefined;
  /** Keys of what the folder has. */
  #folderKeys: ReadonlySet<string> = new Set();
  readonly #centralIsKnown = Promise.withResolvers<void>();
  readonly #first = Promise.withResolvers<Outcome>();
  /** What the other source was told last. */
  #told: Outcome = { result: 'in_force', version: '' };
  readonly #turns = new Turns();

  constructor(options: FolderBesideOptions) {
    this.#options = options;
  }

  /** When both were last seen. */
  get lookedAt(): number {
    const { folder, central } = this.#options;
    return Math.min(folder.lookedAt, central.lookedAt);
  }

  async open(take: (delivery: Delivery) => Promise<Outcome>): Promise<Outcome> {
    this.#take = take;
    const { folder, central } = this.#options;
    const opening = central.open((delivery) => this.#takeCentral(delivery));
    opening.catch((error: unknown) => this.#first.reject(error as Error));
    this.#first.promise.catch(() => {});
    return Promise.race([folder.open((delivery) => this.#takeFolder(delivery)), rejectionOf(opening)]);
  }

  async close(): Promise<void> {
    this.#centralIsKnown.resolve();
    this.#first.resolve({ result: 'outdated' });
    await Promise.all([this.#options.folder.close(), this.#options.central.close()]);
  }

  async #takeFolder(delivery: Delivery): Promise<Outcome> {
    await this.#centralIsKnown.promise;
    let before = this.#told;
    const outcome = await this.#turns.take(async () => {
      before = this.#told;
      const found = await this.#deliverAll(delivery, delivery);
      if (found.result !== 'outdated') this.#told = this.#centralOutcome(found);
      return found;
    });
    if (outcome.result === 'outdated') return outcome;
    this.#first.resolve(this.#told);
    if (before.result === 'faulty' && this.#told.result === 'in_force') this.#options.freed?.();
    if (delivery.set.complete) this.#options.delivered?.(delivery.set, outcome);
    return outcome;
  }

  async #takeCentral(delivery: Delivery): Promise<Outcome> {
    const { set } = delivery;
    const { lookAgain, ownerOfFiles } = this.#options;
    const isOfFiles = ({ place }: { readonly place: Place }): boolean =>
      'resource' in place && place.owner === ownerOfFiles;
    if (this.#folder !== undefined && (set.complete ? set.documents : set.upserts).some(isOfFiles)) await lookAgain?.();
    // The first set comes before the folder's is taken, and no other before the first was.
    if (set.complete && this.#folder === undefined) {
      this.#replaceCentral(set, isOfFiles);
      this.#centralIsKnown.resolve();
      return this.#first.promise;
    }
    return this.#turns.take(async () => {
      const told = set.complete
        ? await this.#deliverCompleteCentral(set, delivery, isOfFiles)
        : await this.#deliverChanges(
            set.upserts.filter((loaded) => !isOfFiles(loaded)),
            [...set.removals, ...set.upserts.filter(isOfFiles).map(documentKeyOf)],
            delivery,
          );
      if (told.result !== 'outdated') this.#told = told;
      return told;
    });
  }

  #replaceCentral(set: CompleteSet, isOfFiles: (loaded: { readonly place: Place }) => boolean): void {
    this.#central.clear();
    for (const loaded of set.documents) if (!isOfFiles(loaded)) this.#central.set(keyOf(loaded), loaded);
    this.#unread = { ...set, broken: set.broken.filter((broken) => !isOfFiles(broken)) };
  }

  async #deliverCompleteCentral(
    set: CompleteSet,
    delivery: Delivery,
    isOfFiles: (loaded: { readonly place: Place }) => boolean,
  ): Promise<Outcome> {
    this.#replaceCentral(set, isOfFiles);
    return this.#centralOutcome(await this.#deliverAll(this.#folder ?? delivery, delivery));
  }

  async #deliverChanges(
    upserts: readonly Loaded[],
    removals: readonly DocumentKey[],
    delivery: Delivery,
  ): Promise<Outcome> {
    const own = removals.filter(({ kind, name }) => this.#central.has(keyFor(kind, name)));
    if (upserts.length + own.length === 0) return this.#told;
    for (const { kind, name } of own) this.#central.delete(keyFor(kind, name));
    for (const loaded of upserts) this.#central.set(keyOf(loaded), loaded);
    const touched = [...upserts.map(keyOf), ...own.map(({ kind, name }) => keyFor(kind, name))];
    if (this.#isFolderUnread || touched.some((key) => this.#folderKeys.has(key))) {
      return this.#centralOutcome(await this.#deliverAll(this.#folder ?? delivery, delivery));
    }
    return this.#centralOutcome(
      await this.#take({ ...delivery, set: { complete: false, upserts, removals: own }, stillHolds: async () => true }),
    );
  }

  /** What can't be read of the folder may concern any document: all are looked at together with it. */
  get #isFolderUnread(): boolean {
    const set = this.#folder?.set;
    return set?.complete === true && set.broken.length + (set.unknown?.length ?? 0) > 0;
  }

  /** @param from the latest of the folder @param because what has come, of either */
  async #deliverAll(from: Delivery, because: Delivery): Promise<Outcome> {
    const { set } = from;
    if (!set.complete) throw new TypeError('a folder delivers complete sets');
    const { broken, clashing, documents, faults } = withoutClashes(set, this.#unread, this.#central);
    const outcome = await this.#take({
      set: {
        ...set,
        documents: [...documents, ...this.#central.values()],
        broken: [...set.broken, ...broken, ...this.#unread.broken],
        faults,
        sources: [...set.sources, ...this.#unread.sources],
        unknown: [...(set.unknown ?? []), ...(this.#unread.unknown ?? [])],
        withheld: set.withheld ?? this.#unread.withheld,
      },
      readAt: because.readAt,
      readFile: (path, maxBytes) => from.readFile(path, maxBytes),
      stillHolds: (files) => (from === because ? from.stillHolds(files) : Promise.resolve(true)),
    });
    if (outcome.result === 'outdated') return outcome;
    this.#folder = from;
    this.#folderKeys = new Set([...documents.map(keyOf), ...clashing]);
    return outcome;
  }

  /** What the other source is to hear: faults of the folder are none of its. */
  #centralOutcome(outcome: Outcome): Outcome {
    if (outcome.result !== 'faulty') return outcome;
    const places = new Set<string>();
    for (const { place } of [...this.#central.values(), ...this.#unread.broken]) {
      if ('resource' in place) places.add(place.resource);
    }
    for (const { file } of this.#unread.faults.sorted()) places.add(file);
    const own = outcome.faults.filter(({ file }) => places.has(file));
    if (own.length > 0) return { result: 'faulty', faults: own, isInForce: outcome.isInForce };
    // Where nothing is told to wait, nothing was put in force at all, such as while the folder is away.
    const { isInForce, held: waiting = [] } = outcome;
    const isAll = !isInForce && waiting.length === 0;
    const held = isAll ? [...this.#central.keys()] : waiting.filter((key) => this.#central.has(key));
    if (held.length === 0) return { result: 'in_force', version: '' };
    const faults = held.map((key) => heldFault(this.#central.get(key), outcome.faults));
    return { result: 'faulty', faults, isInForce: outcome.isInForce };
  }
}

function documentKeyOf({ document: { kind, metadata } }: Loaded): DocumentKey {
  return { kind, name: qualifiedName(metadata) };
}

function heldFault(loaded: Loaded | undefined, faults: readonly Fault[]): Fault {
  const [first] = faults;
  const place = loaded?.place;
  const because = first === undefined ? '' : `: ${first.file}: ${first.message}`;
  return {
    file: place !== undefined && 'resource' in place ? place.resource : 'ostiary',
    line: 0,
    column: 0,
    field: '',
    message: `waits for a document of the folder that has a fault${because}`,
  };
}

/** Never settles unless the promise is rejected. */
function rejectionOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_resolve, reject) => {
    promise.catch(reject);
  });
}
