import type { Fault } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { Faults, formatFault } from './fault.ts';
import { formatPath, parseWith } from './issues.ts';
import type { Issue } from './issues.ts';
import { plainContract } from './plain-contract.ts';
import { API_VERSION, documentSchemas } from './schema.ts';
import type { Document, DocumentOf, Kind } from './schema.ts';
import { locateInJson } from './text/json.ts';
import type { Parsed } from './text/json.ts';
import { isJson } from './text/source-text.ts';
import type { SourceText } from './text/source-text.ts';
import { locateInYaml } from './text/yaml.ts';

/** Where a document stands: in a text, or at a source that knows it by its name. */
export type Place = TextPlace | ResourcePlace;

export interface ResourcePlace {
  /** Its kind and name, with the revision: what a fault names in place of a file. */
  readonly resource: string;
  /** Who writes it, where that is known. */
  readonly owner?: string;
}

export interface TextPlace {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
  /** Set for an item of a YAML list of documents. */
  readonly prefix: readonly PropertyKey[];
  /** Of a document that was made of another: where its author wrote what stands at a path. */
  readonly written?: (path: readonly PropertyKey[]) => readonly PropertyKey[];
}

/** Why an API is answered with 503 until its documents are mended. */
export interface Withheld {
  /** For operators. */
  readonly detail: string;
  /** That its policies would set for upstreams: nobody else may send them to what shares an upstream with it. */
  readonly headers: readonly string[];
}

export interface Loaded<K extends Kind = Kind> {
  readonly place: Place;
  /** Rises from document to document in the order they were created, such as a revision; absent where the source tells none. */
  readonly createdAt?: number;
  /** Of an API, or of a policy that is bound to APIs: it can't be enforced, and there is no earlier version of it. */
  readonly withheld?: Withheld | undefined;
  readonly document: K extends Kind ? DocumentOf<K> : never;
}

/** A document that its schema refuses. */
export interface BrokenDocument {
  readonly place: Place;
  readonly kind: string;
  /** Undefined where it has none, or none that is text. */
  readonly name: string | undefined;
  /** As written. */
  readonly value: Readonly<Record<string, unknown>>;
}

const LIST_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'items']);

/** One for all: there are 100,000 places. */
const NO_PREFIX: readonly PropertyKey[] = [];

/** Takes over what texts hold, document by document: faults in one do not hide the others. */
export class DocumentReader {
  readonly documents: Loaded[] = [];
  readonly broken: BrokenDocument[] = [];
  readonly faults = new Faults();
  /** Texts of which nobody can tell what documents they hold: their files. */
  readonly unknown = new Set<string>();

  /** Whether no document was taken over. */
  get isEmpty(): boolean {
    return this.documents.length === 0;
  }

  add(source: SourceText, parsed: Parsed): void {
    const { start, end } = parsed;
    if ('faults' in parsed) {
      this.unknown.add(source.file);
      for (const { offset, message } of parsed.faults) {
        this.faults.add(() => ({ file: source.file, ...source.lineColumn(offset), field: '', message }));
      }
      return;
    }
    const { value, issues } = parsed;
    const items = !isJson(source.file) && isRecord(value) && value['kind'] === 'List' ? value['items'] : undefined;
    if (!Array.isArray(items) || issues.length > 0) {
      this.addDocument({ source, start, end, prefix: NO_PREFIX }, value, issues);
      return;
    }
    const unknown = Object.keys(value as object).filter((key) => !LIST_FIELDS.has(key));
    const unknownIssues = unknown.map((key): Issue => ({ path: [key], at: 'key', message: 'unknown field of a List' }));
    addIssues(this.faults, { source, start, end, prefix: [] }, unknownIssues);
    if (unknown.length > 0) this.unknown.add(source.file);
    for (const [index, item] of items.entries()) {
      this.addDocument({ source, start, end, prefix: ['items', index] }, item, []);
    }
  }

  /**
   * Takes over one document, wherever it comes from.
   * @param createdAt see {@link Loaded}
   */
  addDocument(place: Place, value: unknown, issues: readonly Issue[], createdAt?: number): void {
    const isUnfit = issues.length > 0;
    const result = isUnfit ? { issues } : validate(value);
    if ('document' in result) {
      const { document } = result;
      this.documents.push(createdAt === undefined ? { place, document } : { place, createdAt, document });
      return;
    }
    addIssues(this.faults, place, result.issues);
    const kind = isRecord(value) ? value['kind'] : undefined;
    if (!isRecord(value) || typeof kind !== 'string') {
      this.unknown.add('resource' in place ? place.resource : place.source.file);
      return;
    }
    const { metadata } = value;
    const name = isRecord(metadata) ? metadata['name'] : undefined;
    // What no value may be, such as too deep, is looked at no further.
    const looked = isUnfit ? {} : value;
    this.broken.push({ place, kind, name: typeof name === 'string' ? name : undefined, value: looked });
  }
}

function validate(value: unknown): { readonly document: Document } | { readonly issues: readonly Issue[] } {
  if (!isRecord(value)) {
    return { issues: [{ path: [], at: 'value', message: 'expected a document: a mapping with apiVersion and kind' }] };
  }
  const { kind } = value;
  const plain = kind === 'Contract' ? plainContract(value) : undefined;
  if (plain !== undefined) return { document: plain };
  const issues: Issue[] = [];
  const foreign = ['openapi', 'swagger'].find((name) => kind === undefined && Object.hasOwn(value, name));
  if (foreign !== undefined) {
    const message =
      'is of an OpenAPI document: keep it outside the folder of documents, and name it in spec.openapi.file of its Api';
    return { issues: [{ path: [foreign], at: 'key', message }] };
  }
  if (value['apiVersion'] !== API_VERSION) {
    issues.push({ path: ['apiVersion'], at: 'value', message: `expected "${API_VERSION}"` });
  }
  if (typeof kind !== 'string' || !Object.hasOwn(documentSchemas, kind)) {
    const kinds = Object.keys(documentSchemas);
    const meant = typeof kind === 'string' ? didYouMean(kind, kinds) : '';
    issues.push({ path: ['kind'], at: 'value', message: `expected one of ${kinds.join(', ')}${meant}` });
    return { issues };
  }
  const result = parseWith(documentSchemas[kind as Kind], value);
  if ('value' in result) return { document: result.value };
  return { issues: [...issues, ...result.issues.filter(({ path }) => path[0] !== 'apiVersion')] };
}

/** Finds the places of issues in one document and adds them as faults, or as what a severity makes of them. */
export function addIssues(faults: Faults, place: Place, issues: readonly Issue[], severity?: Fault['severity']): void {
  const positionOf = (path: readonly PropertyKey[], at: Issue['at']) => {
    if ('resource' in place) return { file: place.resource, line: 0, column: 0 };
    const locate = knownLocatorOf(place, faults);
    return { file: place.source.file, ...place.source.lineColumn(locate(path, at)) };
  };
  if (issues.length > 0 && severity === undefined) faults.blame(place);
  for (const { path: own, at, message, isDangling = false, elsewhere } of issues) {
    const path = ('resource' in place ? undefined : place.written?.(own)) ?? own;
    const add = (fault: () => Fault): void => (isDangling ? faults.addDangling(fault) : faults.add(fault));
    add(() => {
      const position = positionOf(path, at);
      const found =
        elsewhere === undefined
          ? { ...position, field: formatPath(path), message }
          : faultElsewhere(elsewhere, message, { ...position, field: formatPath(path), message: '' });
      return severity === undefined ? found : { ...found, severity };
    });
  }
}

/** In a file that a document names: the fault stands where it is to be mended. */
function faultElsewhere({ file, line }: { file: string; line: number }, message: string, namedBy: Fault): Fault {
  return {
    file,
    line,
    column: line === 0 ? 0 : 1,
    field: '',
    message: `${message} (named by ${formatFault(namedBy)})`,
  };
}

/** `file:line:column` of a document, or what its source calls it. */
export function whereIs({ place }: Loaded): string {
  if ('resource' in place) return place.resource;
  const position = place.source.lineColumn(place.start);
  return formatFault({ file: place.source.file, ...position, field: '', message: '' });
}

type Locate = (path: readonly PropertyKey[], at: Issue['at']) => number;

/** A document may have thousands of faults that are added one by one: it is parsed for all of them once. */
const located = new WeakMap<Faults, { readonly place: TextPlace; readonly locate: Locate }[]>();
/** Each holds a whole document, parsed. */
const MOST_LOCATED = 8;

function knownLocatorOf(place: TextPlace, faults: Faults): Locate {
  let last = located.get(faults);
  if (last === undefined) located.set(faults, (last = []));
  const known = last.find(({ place: other }) => other === place);
  if (known !== undefined) return known.locate;
  const locate = locatorOf(place);
  if (last.unshift({ place, locate }) > MOST_LOCATED) last.pop();
  return locate;
}

function locatorOf({ source, start, end, prefix }: TextPlace): Locate {
  if (isJson(source.file)) return (path, at) => locateInJson(source.text, start, path, at);
  const locate = locateInYaml(source.text.slice(start, end));
  return (path, at) => start + locate([...prefix, ...path], at);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
