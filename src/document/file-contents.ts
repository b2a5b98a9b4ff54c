import { hash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { sentenceOf } from '../errors.ts';
import type { FileContent, FileFormat, GiveWay, NamedFile, NamedFiles } from '../policy/named-file.ts';
import type { Issue } from './issues.ts';
import { accessOf } from './resource-access.ts';
import type { MixedAccess } from './resource-access.ts';
import { readsFile, UnknownFile } from './unknown-values.ts';

/** More problems of one file than an author would read. */
const MAX_PROBLEMS = 20;

/**
 * What files came to, by their format and the digest of their bytes: a reload parses what has changed and nothing else.
 * What no policy holds any more is forgotten when memory is short.
 */
export class FileContents {
  readonly #known = new Map<FileFormat<unknown>, Map<string, WeakRef<object>>>();

  /** @returns the content, the same object for the same bytes; or what is wrong */
  async parse<Content>(
    bytes: Buffer,
    digest: string,
    format: FileFormat<Content>,
    giveWay: GiveWay,
  ): Promise<FileContent<Content>> {
    const known = entryOf(this.#known, format as FileFormat<unknown>);
    const kept = known.get(digest)?.deref();
    if (kept !== undefined) return { content: kept as Content };
    const parsed = await format.parse(bytes, giveWay);
    for (const [other, content] of known) if (content.deref() === undefined) known.delete(other);
    if ('content' in parsed && typeof parsed.content === 'object' && parsed.content !== null) {
      known.set(digest, new WeakRef(parsed.content));
    }
    return parsed;
  }
}

export interface FileAccessOptions extends MixedAccess {
  readonly contents: FileContents;
  /** Told of every file before it is read. */
  readonly onFile: (path: string) => void;
  readonly giveWay: GiveWay;
}

export interface ReadFiles {
  readonly files: NamedFiles;
  /** By name: what the version of the documents covers. */
  readonly digests: Readonly<Record<string, string>>;
  /** Paths begin below `config`. */
  readonly issues: readonly Issue[];
  /** Where a file is named that is not known here. */
  readonly unknown: readonly Issue[];
}

/** Reads the files that one set of documents names, each once: all policies see the same content of it. */
export class NamedFileReader {
  readonly giveWay: GiveWay;
  readonly #options: FileAccessOptions;
  /** By path; what documents that stand in no file have read is apart, as they may not read everything. */
  readonly #read = new Map<FileFormat<unknown>, Map<string, Promise<ReadContent>>>();
  readonly #readByResources = new Map<FileFormat<unknown>, Map<string, Promise<ReadContent>>>();

  constructor(options: FileAccessOptions) {
    this.#options = options;
    this.giveWay = options.giveWay;
  }

  /** @param document the file of the policy's document; undefined where it stands in none */
  async read(named: readonly NamedFile[], document: string | undefined): Promise<ReadFiles> {
    const found: Found = new Map();
    const digests: Record<string, string> = {};
    const issues: Issue[] = [];
    const unknown: Issue[] = [];
    for (const { path, file, format } of named) {
      const read = await this.#readOne(file, document, format);
      if ('isUnknown' in read) {
        unknown.push({ path, at: 'value', message: readsFile(file) });
        continue;
      }
      if ('issues' in read) {
        issues.push(...read.issues.map((issue): Issue => ({ path, at: 'value', ...issue })));
        continue;
      }
      digests[file] = read.digest;
      entryOf(found, format).set(file, read.content);
    }
    return { files: filesOf(found), digests, issues, unknown };
  }

  #readOne(file: string, document: string | undefined, format: FileFormat<unknown>): Promise<ReadContent> {
    const path = document === undefined ? file : resolve(dirname(document), file);
    const ofFormat = entryOf(document === undefined ? this.#readByResources : this.#read, format);
    const access = accessOf(document, this.#options);
    const readFile: typeof access.readFile = (named, maxBytes) => access.readFile(named, maxBytes);
    const reading = ofFormat.get(path) ?? readContent(path, format, { ...this.#options, readFile });
    ofFormat.set(path, reading);
    return reading;
  }
}

type Found = Map<FileFormat<unknown>, Map<string, unknown>>;

function entryOf<Key, Value>(map: Map<Key, Map<string, Value>>, key: Key): Map<string, Value> {
  const entry = map.get(key) ?? new Map<string, Value>();
  map.set(key, entry);
  return entry;
}

/** For kinds that name none. */
export const NO_FILES: NamedFiles = filesOf(new Map());

function filesOf(found: Found): NamedFiles {
  return {
    content<Content>(file: string, format: FileFormat<Content>): Content {
      const ofFormat = found.get(format);
      if (ofFormat?.has(file) !== true) throw new TypeError('a kind of policy uses a file that it did not name');
      return ofFormat.get(file) as Content;
    },
  };
}

type ReadContent =
  | { readonly content: unknown; readonly digest: string }
  | { readonly isUnknown: true }
  | { readonly issues: readonly Pick<Issue, 'message' | 'elsewhere'>[] };

async function readContent(
  path: string,
  format: FileFormat<unknown>,
  options: FileAccessOptions,
): Promise<ReadContent> {
  options.onFile(path);
  let bytes: Buffer;
  try {
    bytes = await options.readFile(path, format.maxBytes);
  } catch (error) {
    if (error instanceof UnknownFile) return { isUnknown: true };
    return { issues: [{ message: `${format.name} ${path}: ${sentenceOf(error)}` }] };
  }
  const digest = hash('sha256', bytes);
  const parsed = await options.contents.parse(bytes, digest, format, options.giveWay);
  if ('content' in parsed) return { content: parsed.content, digest };
  const { problems } = parsed;
  const issues = problems
    .slice(0, MAX_PROBLEMS)
    .map(({ line, message }) => ({ message, elsewhere: { file: path, line } }));
  if (problems.length > MAX_PROBLEMS) {
    const message = `and ${problems.length - MAX_PROBLEMS} more lines with problems`;
    issues.push({ message, elsewhere: { file: path, line: 0 } });
  }
  return { issues };
}
