import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { Fault } from '../errors.ts';
import { Faults } from './fault.ts';
import { findFiles, isJson, sentenceOf } from './files.ts';
import type { FoundFile } from './files.ts';
import { formatPath, parseWith } from './issues.ts';
import type { Issue } from './issues.ts';
import { locateInJson, readJson } from './json.ts';
import type { Parsed } from './json.ts';
import { didYouMean } from './nearest.ts';
import { createPace } from './pace.ts';
import { API_VERSION, documentSchemas } from './schema.ts';
import type { Document, DocumentOf, Kind } from './schema.ts';
import { decodeUtf8, SourceText } from './source-text.ts';
import { locateInYaml, readYaml } from './yaml.ts';
import { splitYaml } from './yaml-split.ts';

/** A larger file is refused: it would take more memory than the service has. */
export const MAX_FILE_BYTES = 128 * 1024 * 1024;

/** Where a document stands. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
  /** Set for an item of a YAML list of documents. */
  readonly prefix: readonly PropertyKey[];
}

export interface Loaded<K extends Kind = Kind> {
  readonly place: Place;
  readonly document: K extends Kind ? DocumentOf<K> : never;
}

/** What the files say, before documents are held against each other. */
export interface LoadedDocuments {
  readonly documents: readonly Loaded[];
  /** Documents with faults: references to them are no faults of their own. */
  readonly broken: readonly { readonly kind: string; readonly name: string }[];
  readonly faults: Faults;
  /** The files, as found. */
  readonly sources: readonly string[];
}

/** Reads every document below the directories; what is wrong with one does not hide the others. */
export async function loadDocuments(
  paths: readonly string[],
  { clock }: { readonly clock: Clock },
): Promise<LoadedDocuments> {
  const found = await findFiles(paths);
  const reading = new Reading();
  const pace = createPace(clock);
  for (const { path, message } of found.problems) reading.faults.add(() => fileFault(path, message));
  for (const file of found.files) {
    const source = await readSource(file, reading.faults);
    if (source === undefined) continue;
    // A writer that has truncated a file and not yet written it must not leave an API open meanwhile.
    if (isEmpty(source)) reading.faults.add(() => fileFault(file.path, 'is empty: delete it, or write a document'));
    for (const parsed of isJson(file.path) ? readJson(source.text) : readYaml(source.text)) {
      reading.add(source, parsed);
      const turn = pace();
      if (turn !== undefined) await turn;
    }
  }
  const { documents, broken, faults } = reading;
  if (documents.length === 0 && faults.none) {
    for (const path of paths) faults.add(() => fileFault(path, 'no documents here (*.yaml, *.yml, *.json)'));
  }
  return { documents, broken, faults, sources: found.files.map(({ path }) => path) };
}

async function readSource(file: FoundFile, faults: Faults): Promise<SourceText | undefined> {
  if (file.sizeBytes > MAX_FILE_BYTES) {
    faults.add(() => fileFault(file.path, `a file is at most ${MAX_FILE_BYTES} bytes: split it`));
    return undefined;
  }
  try {
    const decoded = decodeUtf8(await readFile(file.path));
    if ('text' in decoded) return new SourceText(file.path, decoded.text);
    const { badLine } = decoded;
    faults.add(() => ({ ...fileFault(file.path, 'is not UTF-8: save it in that encoding'), line: badLine, column: 1 }));
  } catch (error) {
    faults.add(() => fileFault(file.path, sentenceOf(error)));
  }
  return undefined;
}

/** White space, in YAML also comments and markers. A list without items is none: somebody has written it. */
function isEmpty({ file, text }: SourceText): boolean {
  return isJson(file) ? text.trim() === '' : splitYaml(text).next().done === true;
}

const LIST_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'items']);

function fileFault(file: string, message: string) {
  return { file, line: 0, column: 0, field: '', message };
}

/** One for all: there are 100,000 places. */
const NO_PREFIX: readonly PropertyKey[] = [];

class Reading {
  readonly documents: Loaded[] = [];
  readonly broken: { kind: string; name: string }[] = [];
  readonly faults = new Faults();

  add(source: SourceText, parsed: Parsed): void {
    const { start, end } = parsed;
    if ('faults' in parsed) {
      for (const { offset, message } of parsed.faults) {
        this.faults.add(() => ({ file: source.file, ...source.lineColumn(offset), field: '', message }));
      }
      return;
    }
    const { value, issues } = parsed;
    const items = !isJson(source.file) && isRecord(value) && value['kind'] === 'List' ? value['items'] : undefined;
    if (!Array.isArray(items) || issues.length > 0) {
      this.#addDocument({ source, start, end, prefix: NO_PREFIX }, value, issues);
      return;
    }
    const unknown = Object.keys(value as object).filter((key) => !LIST_FIELDS.has(key));
    const unknownIssues = unknown.map((key): Issue => ({ path: [key], at: 'key', message: 'unknown field of a List' }));
    addIssues(this.faults, { source, start, end, prefix: [] }, unknownIssues);
    for (const [index, item] of items.entries()) {
      this.#addDocument({ source, start, end, prefix: ['items', index] }, item, []);
    }
  }

  #addDocument(place: Place, value: unknown, issues: readonly Issue[]): void {
    const result = issues.length > 0 ? { issues } : validate(value);
    if ('document' in result) {
      this.documents.push({ place, document: result.document });
      return;
    }
    addIssues(this.faults, place, result.issues);
    const { kind, metadata } = isRecord(value) ? value : {};
    const name = isRecord(metadata) ? metadata['name'] : undefined;
    if (typeof kind === 'string' && typeof name === 'string') this.broken.push({ kind, name });
  }
}

function validate(value: unknown): { readonly document: Document } | { readonly issues: readonly Issue[] } {
  if (!isRecord(value)) {
    return { issues: [{ path: [], at: 'value', message: 'expected a document: a mapping with apiVersion and kind' }] };
  }
  const { kind } = value;
  const issues: Issue[] = [];
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
  let locate: ReturnType<typeof locatorOf> | undefined;
  for (const { path, at, message } of issues) {
    faults.add(() => {
      locate ??= locatorOf(place);
      const { file } = place.source;
      const found = { file, ...place.source.lineColumn(locate(path, at)), field: formatPath(path), message };
      return severity === undefined ? found : { ...found, severity };
    });
  }
}

function locatorOf({ source, start, end, prefix }: Place): (path: readonly PropertyKey[], at: Issue['at']) => number {
  if (isJson(source.file)) return (path, at) => locateInJson(source.text, start, path, at);
  const locate = locateInYaml(source.text.slice(start, end));
  return (path, at) => start + locate([...prefix, ...path], at);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
