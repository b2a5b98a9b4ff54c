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
import { openingWarnings } from './opening-warnings.ts';
import { catalogWarnings } from './catalog-warnings.ts';
import { factsOf, keyFrom } from './facts.ts';
import type { IndexedState } from './current-index.ts';
import { withHint } from './hints.ts';
import { neighbourhoodOf } from './neighbourhood.ts';
import { placeFindings } from './places/place-findings.ts';
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

export interface Findings {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

export interface CheckingPorts extends Pick<CompileOptions, 'policyKinds' | 'environment' | 'clock'> {
  /** Opens Secrets; undefined: there are none. */
  readonly vault: SecretVault | undefined;
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
   * @returns faults that the changes would bring, not those that are there already
   */
  async check(changes: readonly CheckedChange[], { index, revision }: IndexedState): Promise<Findings> {
    const places = placeFindings(changes, index);
    // What the compiler says of two APIs in one place names both.
    if (places.faults.length > 0) return places;
    const proposals = changes.map(({ key, document }) => {
      return { key, facts: document === undefined ? undefined : factsOf(key, document, (text) => text) };
    });
    const around = await this.#around(neighbourhoodOf(proposals, index));
    const after = await this.#compile([
      ...around,
      ...changes.flatMap(({ key, before, document }, at) => {
        return document === undefined ? [] : [{ ...key, document, age: before?.createdRevision ?? revision + 1 + at }];
      }),
    ]);
    const own = new Set(changes.map(({ key }) => keyText(key)));
    const ofOwn = after.warnings.filter(({ file }) => own.has(file));
    const ofPeople = [...catalogWarnings(changes, index), ...places.warnings];
    const warnings = [...ofOwn, ...openingWarnings(changes, after.openings), ...ofPeople];
    if (after.faults.length === 0) return { faults: [], warnings };
    const earlier = changes.flatMap(({ before }) => (before === undefined ? [] : [agedOf(before)]));
    const before = new Set((await this.#compile([...around, ...earlier])).faults.map(faultText));
    const changed = new Map(proposals.map((proposal) => [keyText(proposal.key), proposal]));
    const faults = after.faults.filter((fault) => !before.has(faultText(fault)));
    return { faults: faults.map((fault) => withHint(fault, changed, index)), warnings };
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

function faultText({ file, field, message }: Fault): string {
  return JSON.stringify([file, field, message]);
}
