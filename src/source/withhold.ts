import { isDeepStrictEqual } from 'node:util';
import type { CompiledSnapshot, CompileFailure, Compiled } from '../document/compiler.ts';
import type { CompleteSet } from '../document/document-set.ts';
import { formatFault } from '../document/fault.ts';
import type { BrokenDocument, Loaded, Place } from '../document/load.ts';
import { qualifiedName, referenceFrom } from '../document/names.ts';
import { upstreamHeadersIn } from '../document/upstream-headers.ts';
import type { Fault } from '../errors.ts';
import { placeIn } from './api-places.ts';
import { readBroken, standInFor } from './broken-documents.ts';
import { Concerns } from './concerns.ts';
import type { ConcernedApis, WrittenDocument } from './concerns.ts';
import { keyFor, keyOf } from './document-keys.ts';

/** What is put in force at a start with documents of which some have faults. */
export interface Started {
  readonly compiled: CompiledSnapshot;
  /** Keys of documents that are not enforced as their authors want them. */
  readonly held: ReadonlySet<string>;
}

export interface WithholdOptions {
  readonly set: CompleteSet;
  /** Of the whole set. */
  readonly failure: CompileFailure;
  /** Compiles exactly these. @param withheld why no request at all is decided by them */
  readonly compile: (documents: readonly Loaded[], withheld: string | undefined) => Promise<Compiled>;
}

/** Each time more is withheld; then everything is. */
const MOST_TRIES = 16;

/**
 * Starts with documents that have faults where no earlier ones are known. Every API that a fault could concern is
 * withheld: it keeps its hosts and its path, so that no other API gets its requests, and answers them with 503. Where
 * nobody can tell which APIs that are, all requests are answered so.
 * @returns undefined if nothing can be made of the documents
 */
export async function withhold({ set, failure, compile }: WithholdOptions): Promise<Started | undefined> {
  const start = new Start(set, failure);
  start.blame(failure);
  // What has no document at fault, such as a failure of ours, could concern any.
  if (start.held().size === 0) start.withholdEverything(failure.faults);
  for (let tries = 0; ; tries++) {
    const compiled = await compile(start.documents(), start.everything);
    if (compiled.snapshot !== undefined) return { compiled, held: start.held() };
    if (start.everything !== undefined) return undefined;
    if (!start.blame(compiled) || tries === MOST_TRIES) start.withholdEverything(compiled.faults);
  }
}

class Start {
  readonly #faults: readonly Fault[];
  /** The first of each name. */
  readonly #read = new Map<string, Loaded>();
  readonly #byPlace = new Map<object, Loaded>();
  readonly #concerns: Concerns;
  /** In place of those that their schemas refuse. */
  readonly #standIns = new Map<string, Loaded>();
  /** Why each of them is withheld, by its name. */
  readonly #apis = new Map<string, string>();
  /** Can't be enforced as they are written. */
  readonly #faulty = new Set<Loaded>();
  readonly #brokenKeys = new Set<string>();
  /** That others of its name would set for upstreams, by its key. */
  readonly #headersOfTwins = new Map<string, string[]>();
  everything: string | undefined;

  constructor({ documents, broken, unknown = [] }: CompleteSet, { faults }: CompileFailure) {
    this.#faults = faults;
    for (const loaded of documents) {
      this.#byPlace.set(loaded.place, loaded);
      const first = this.#read.get(keyOf(loaded));
      if (first === undefined) this.#read.set(keyOf(loaded), loaded);
      else this.#addTwin(first, loaded);
    }
    const [file] = unknown;
    if (file !== undefined)
      this.everything ??= this.#why(
        file,
        faults.find((fault) => fault.file === file),
      );
    const written = broken.map((each) => [each, readBroken(each)] as const);
    const known = written.flatMap(([, document]) => document ?? []);
    this.#concerns = new Concerns([...documents.map(({ document }) => document), ...known]);
    for (const [each, document] of written) this.#takeBroken(each, document);
  }

  /** @returns whether more is withheld than before */
  blame({ places, rivals }: Compiled & { readonly snapshot?: undefined }): boolean {
    const before = this.#faulty.size;
    for (const place of [...places, ...rivals]) {
      const loaded = this.#byPlace.get(place);
      if (loaded === undefined || this.#faulty.has(loaded)) continue;
      this.#faulty.add(loaded);
      this.#withhold(this.#concerns.of(loaded.document), loaded.place);
    }
    return this.#faulty.size > before;
  }

  /** For faults that can't be traced to a document. */
  withholdEverything([fault]: readonly Fault[]): void {
    this.everything ??= fault === undefined ? 'the documents have faults' : formatFault(fault);
  }

  documents(): readonly Loaded[] {
    const found: Loaded[] = [];
    for (const loaded of this.#read.values()) {
      const { kind } = loaded.document;
      if (kind !== 'Api' && kind !== 'PolicyBinding') {
        if (this.everything === undefined && !this.#isLeftOut(loaded)) found.push(loaded);
        continue;
      }
      const own = kind === 'Api' ? this.#apis.get(qualifiedName(loaded.document.metadata)) : undefined;
      const detail = this.everything ?? own ?? (this.#faulty.has(loaded) ? this.#faultAt(loaded.place) : undefined);
      found.push(detail === undefined ? loaded : this.#withheldFor(loaded, detail));
    }
    for (const each of this.#standIns.values()) found.push(this.#withheldFor(each, each.withheld?.detail ?? ''));
    return found;
  }

  held(): ReadonlySet<string> {
    const held = new Set([...this.#brokenKeys, ...[...this.#faulty].map(keyOf)]);
    for (const name of this.#apis.keys()) held.add(keyFor('Api', name));
    for (const [key, loaded] of this.#read) if (this.everything !== undefined || this.#isLeftOut(loaded)) held.add(key);
    return held;
  }

  /** A contract that can't be enforced would leave its API with half of its contracts, so it goes with the API. */
  #isLeftOut(loaded: Loaded): boolean {
    if (this.#faulty.has(loaded)) return true;
    const { document } = loaded;
    return document.kind === 'Contract' && this.#apis.has(referenceFrom(document.metadata, document.spec.api));
  }

  #takeBroken(broken: BrokenDocument, document: WrittenDocument | undefined): void {
    if (document === undefined) return this.#everything(broken.place);
    const { kind, metadata } = document;
    const key = keyFor(kind, qualifiedName(metadata));
    this.#brokenKeys.add(key);
    this.#withhold(this.#concerns.of(document), broken.place);
    if (kind !== 'Api' && kind !== 'PolicyBinding') return;
    const standIn = standInFor(document, broken, this.#faultAt(broken.place));
    const twin = this.#read.get(key) ?? this.#standIns.get(key);
    if (standIn === undefined) this.#everything(broken.place);
    else if (twin === undefined) this.#standIns.set(key, standIn);
    else this.#addTwin(twin, standIn);
  }

  /** Another of its name. Both are withheld, and one stands for both. */
  #addTwin(first: Loaded, twin: Loaded): void {
    if (!isDeepStrictEqual(placeIn(first), placeIn(twin))) this.#everything(twin.place);
    const headers = twin.withheld?.headers ?? upstreamHeadersIn(twin.document.spec);
    this.#headersOfTwins.set(keyOf(first), [...(this.#headersOfTwins.get(keyOf(first)) ?? []), ...headers]);
  }

  #withheldFor(loaded: Loaded, detail: string): Loaded {
    const own = loaded.withheld?.headers ?? upstreamHeadersIn(loaded.document.spec);
    const headers = [...new Set([...own, ...(this.#headersOfTwins.get(keyOf(loaded)) ?? [])])];
    return { ...loaded, withheld: { detail, headers } };
  }

  #withhold(concerned: ConcernedApis, place: Place): void {
    if (concerned === 'all') this.#everything(place);
    else for (const api of concerned) if (!this.#apis.has(api)) this.#apis.set(api, this.#faultAt(place));
  }

  #everything(place: Place): void {
    const file = fileOf(place);
    this.everything ??= this.#why(file, this.#faultIn(place));
  }

  #why(file: string, fault: Fault | undefined): string {
    return `any API may be meant by ${fault === undefined ? file : formatFault(fault)}`;
  }

  #faultAt(place: Place): string {
    const fault = this.#faultIn(place);
    return fault === undefined ? `faults in ${fileOf(place)}` : formatFault(fault);
  }

  #faultIn(place: Place): Fault | undefined {
    const own = this.#faults.filter(({ file }) => file === fileOf(place));
    if ('resource' in place) return own[0];
    const { line: first } = place.source.lineColumn(place.start);
    const { line: last } = place.source.lineColumn(place.end);
    return own.find(({ line }) => line >= first && line <= last) ?? own[0];
  }
}

function fileOf(place: Place): string {
  return 'resource' in place ? place.resource : place.source.file;
}
