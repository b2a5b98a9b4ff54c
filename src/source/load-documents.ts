import type { Clock } from '../clock.ts';
import { createCooperativeYield } from '../document/cooperative-yield.ts';
import type { CompleteSet } from '../document/document-set.ts';
import { DocumentReader } from '../document/load.ts';
import { readJson } from '../document/text/json.ts';
import { decodeUtf8, isJson, SourceText } from '../document/text/source-text.ts';
import { splitYaml } from '../document/text/yaml-split.ts';
import { readYaml } from '../document/text/yaml.ts';
import { aboutToLoad } from '../engine.ts';
import { sentenceOf } from '../errors.ts';
import type { Fault } from '../errors.ts';
import { isPassing, systemFiles } from '../file-access.ts';
import type { FileAccess } from '../file-access.ts';
import { findFiles } from './files.ts';
import type { FoundFile } from './files.ts';

/** A larger file is refused: it would take more memory than the service has. */
export const MAX_FILE_BYTES = 128 * 1024 * 1024;

export interface FolderSet extends CompleteSet {
  /** A file that could not be read now may be readable soon, without having changed. */
  readonly mustRetry: boolean;
}

export interface LoadOptions {
  readonly clock: Clock;
  readonly access?: FileAccess;
  /** Takes over what the files hold; absent: it is held against the schemas. */
  readonly reading?: DocumentReader;
}

/** Reads every document below the directories; a fault in one does not hide the others. */
export async function loadDocuments(
  paths: readonly string[],
  { clock, access = systemFiles, reading = new DocumentReader() }: LoadOptions,
): Promise<FolderSet> {
  const found = await findFiles(paths, access);
  aboutToLoad(found.files.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0));
  const yieldIfDue = createCooperativeYield(clock);
  for (const { path, message } of found.problems) reading.faults.add(() => fileFault(path, message));
  for (const { path } of found.problems) reading.unknown.add(path);
  let isAbsent = found.problems.some(({ path }) => paths.includes(path));
  let mustRetry = false;
  for (const file of found.files) {
    const read = await readSource(file, access);
    if ('fault' in read) {
      const { fault } = read;
      mustRetry ||= read.mustRetry;
      reading.faults.add(() => fault);
      reading.unknown.add(file.path);
      continue;
    }
    const { source } = read;
    // A file that a writer has truncated and not yet written must not leave an API unprotected.
    if (isEmpty(source)) {
      reading.faults.add(() => fileFault(file.path, 'is empty: delete it, or write a document'));
      reading.unknown.add(file.path);
    }
    for (const parsed of isJson(file.path) ? readJson(source.text) : readYaml(source.text)) {
      reading.add(source, parsed);
      const pause = yieldIfDue();
      if (pause !== undefined) await pause;
    }
  }
  const { documents, broken, faults } = reading;
  if (reading.isEmpty && faults.none) {
    for (const path of paths) faults.add(() => fileFault(path, 'no documents here (*.yaml, *.yml, *.json)'));
    isAbsent = true;
  }
  const sources = found.files.map(({ path }) => path);
  const unknown = [...reading.unknown];
  return { complete: true, documents, broken, faults, sources, unknown, isAbsent, mustRetry };
}

type ReadFile = { readonly source: SourceText } | { readonly fault: Fault; readonly mustRetry: boolean };

async function readSource({ path, sizeBytes }: FoundFile, access: FileAccess): Promise<ReadFile> {
  if (sizeBytes > MAX_FILE_BYTES) {
    return { fault: fileFault(path, `a file is at most ${MAX_FILE_BYTES} bytes: split it`), mustRetry: false };
  }
  try {
    const decoded = decodeUtf8(await access.read(path, MAX_FILE_BYTES));
    if ('text' in decoded) return { source: new SourceText(path, decoded.text) };
    const fault = fileFault(path, 'is not UTF-8: save it in that encoding');
    return { fault: { ...fault, line: decoded.badLine, column: 1 }, mustRetry: false };
  } catch (error) {
    return { fault: fileFault(path, sentenceOf(error)), mustRetry: isPassing(error) };
  }
}

/**
 * Only white space, and in YAML comments and markers. An empty list does not count as empty: somebody has written it.
 */
function isEmpty({ file, text }: SourceText): boolean {
  return isJson(file) ? text.trim() === '' : splitYaml(text).next().done === true;
}

function fileFault(file: string, message: string): Fault {
  return { file, line: 0, column: 0, field: '', message };
}
