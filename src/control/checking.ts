import { compile } from '../document/compile.ts';
import type { CompileOptions } from '../document/compiler.ts';
import type { Issue } from '../document/issues.ts';
import { addIssues, DocumentReader } from '../document/load.ts';
import type { Loaded } from '../document/load.ts';
import { UnknownFile } from '../document/unknown-values.ts';
import { secretPathProblem } from '../document/secret-path.ts';
import { FileFault } from '../errors.ts';
import type { Fault } from '../errors.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import { openingsOf } from '../document/openings.ts';
import type { Opening } from '../document/openings.ts';
import { memberWarnings } from './member-warnings.ts';
import type { ExistingMembers } from './member-warnings.ts';
import { openingWarnings } from './opening-warnings.ts';
import { catalogWarnings } from './catalog-warnings.ts';
import { factsOf, keyFrom } from './facts.ts';
import type { IndexedState } from './current-index.ts';
import type { ResourceIndex } from './resource-index.ts';
import { withHint } from './hints.ts';
import { neighbourhoodOf } from './neighbourhood.ts';
import { leavingPlatform } from './platform-labels.ts';
import { placeFindings } from './places/place-findings.ts';
import { faultText, tellable } from './tellable.ts';
import type { Findings } from './tellable.ts';
import type { Rights } from './rights.ts';
import { openedDocument } from './secret-vault.ts';
import type { SecretVault } from './secret-vault.ts';

/** What a resource would become. */
export interface CheckedChange {
  readonly key: ResourceKey;
  /** Undefined: it is not there now. */
  readonly before: Resource | undefined;
  /** Undefined: it would be deleted. */
  readonly document: unknown;
}

export interface CheckingPorts extends Pick<CompileOptions, 'policyKinds' | 'environment' | 'clock'> {
  /** Opens Secrets; undefined: there are none. */
  readonly vault: SecretVault | undefined;
  /** Absent: nobody knows. */
  readonly existingMembers?: ExistingMembers;
  /** Reads resources of the log. */
  resources(keys: readonly ResourceKey[]): Promise<readonly Resource[]>;
}

/** Where a fault is: `file` is {@link keyText} of the resource. */
export function placeOf(key: ResourceKey): { readonly resource: string } {
  return { resource: keyText(key) };
}

/** The faults of one document by itself. */
export function schemaFaults(key: ResourceKey, document: unknown, issues: readonly Issue[]): readonly Fault[] {
  const reader = new DocumentReader();
  reader.addDocument(placeOf(key), document, []);
  addIssues(reader.faults, placeOf(key), issues);
  return reader.faults.sorted();
}

/** Asks the compiler what changes would do to the state: to the changed resources, and to those around them. */
export class Checking {
  readonly #ports: CheckingPorts;

  constructor(ports: CheckingPorts) {
    this.#ports = ports;
  }

  /**
   * @param changes whose schemas have been checked
   * @param rights of whoever is told; undefined: they may see everything
   * @returns faults that the changes would bring, not those that are there already
   */
  async check(
    changes: readonly CheckedChange[],
    { index, revision }: IndexedState,
    rights: Rights | undefined,
    separateNamespaces?: string,
  ): Promise<Findings> {
    const places = placeFindings(changes, index, separateNamespaces);
    // What the compiler says of two APIs in one place names both.
    if (places.faults.length > 0) return places;
    const proposals = changes.map(({ key, document }) => {
      return { key, facts: document === undefined ? undefined : factsOf(key, document, (text) => text) };
    });
    const leaving = rights === undefined || rights.isPlatformAdmin() ? [] : leavingPlatform(proposals, index);
    if (leaving.length > 0) return { faults: leaving, warnings: [] };
    const around = await this.#around(neighbourhoodOf(proposals, index));
    const later = changes.flatMap(({ key, before, document }, at) => {
      return document === undefined ? [] : [{ ...key, document, age: before?.createdRevision ?? revision + 1 + at }];
    });
    const after = await this.#compile([...around, ...later]);
    const own = new Set(changes.map(({ key }) => keyText(key)));
    const earlier = changes.flatMap(({ before }) => (before === undefined ? [] : [agedOf(before)]));
    const found = await this.#brought(around, earlier, after, own);
    const isSeen = (key: ResourceKey): boolean => isSeenBy(rights, index, key);
    const hidden = new Set(around.filter((each) => !isSeen(each)).map(keyText));
    const isNamed = proposals.some(({ facts }) => facts?.refers.some((text) => hidden.has(text)) === true);
    let told = found;
    if (hidden.size > 0 && (isNamed || found.faults.length > 0 || found.warnings.length > 0)) {
      // As if what the caller may not see were not there.
      const visible = around.filter(isSeen);
      const seen = await this.#compile([...visible, ...later]);
      told = tellable(found, await this.#brought(visible, earlier, seen, own), own);
    }
    const changed = new Map(proposals.map((proposal) => [keyText(proposal.key), proposal]));
    const { existingMembers } = this.#ports;
    const ofMembers = existingMembers === undefined ? [] : await memberWarnings(changes, existingMembers);
    const ofPeople = [...catalogWarnings(changes, index), ...ofMembers, ...places.warnings];
    return {
      faults: told.faults.map((fault) => withHint(fault, changed, index, isSeen)),
      warnings: [...told.warnings, ...openingWarnings(changes, after.openings), ...ofPeople],
    };
  }

  /** The faults that are not there without the changes, and what the authors of the changes should know. */
  async #brought(
    around: readonly Aged[],
    earlier: readonly Aged[],
    after: Findings,
    own: ReadonlySet<string>,
  ): Promise<Findings> {
    const warnings = after.warnings.filter(({ file }) => own.has(file));
    if (after.faults.length === 0) return { faults: [], warnings };
    const before = new Set((await this.#compile([...around, ...earlier])).faults.map(faultText));
    return { faults: after.faults.filter((fault) => !before.has(faultText(fault))), warnings };
  }

  async #around(texts: readonly string[]): Promise<readonly Aged[]> {
    if (texts.length === 0) return [];
    const resources = await this.#ports.resources(texts.map(keyFrom));
    return resources.map(agedOf);
  }

  async #compile(resources: readonly Aged[]): Promise<Compilation> {
    const { policyKinds, environment, clock, vault } = this.#ports;
    const reader = new DocumentReader();
    const documents: Loaded[] = [];
    for (const resource of resources.toSorted((a, b) => a.age - b.age)) {
      reader.addDocument(placeOf(resource), openedDocument(resource, vault), []);
      const loaded = reader.documents.pop();
      if (loaded !== undefined) documents.push({ ...loaded, createdAt: resource.age });
    }
    const { broken, faults } = reader;
    const compiled = await compile(
      { complete: true, documents, broken, faults, sources: [] },
      { policyKinds, environment, clock, env: {}, unset: () => undefined, readFile: readNothing },
    );
    if (compiled.snapshot === undefined) return { ...compiled, openings: [] };
    compiled.dispose();
    return { faults: [], warnings: compiled.warnings, openings: openingsOf(compiled.snapshot.apis) };
  }
}

interface Compilation extends Findings {
  readonly openings: readonly Opening[];
}

interface Aged extends ResourceKey {
  readonly document: unknown;
  /** The revision that created it, or will at the earliest. */
  readonly age: number;
}

function agedOf({ kind, namespace, name, document, createdRevision: age }: Resource): Aged {
  return { kind, namespace, name, document, age };
}

/** Sidecars read files, each in a folder of its own. */
export async function readNothing(path: string): Promise<never> {
  const problem = secretPathProblem(path);
  throw problem === undefined ? new UnknownFile() : new FileFault('EPERM', problem);
}

function isSeenBy(rights: Rights | undefined, index: ResourceIndex, key: ResourceKey): boolean {
  const entry = rights && index.get(keyText(key));
  return rights === undefined || (entry !== undefined && rights.sees(entry));
}
