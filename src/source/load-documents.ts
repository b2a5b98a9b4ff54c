import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { createPace } from '../document/cooperative-yield.ts';
import type { Faults } from '../document/fault.ts';
import { readJson } from '../document/json.ts';
import { DocumentReader } from '../document/load.ts';
import type { LoadedDocuments } from '../document/load.ts';
import { decodeUtf8, isJson, SourceText } from '../document/source-text.ts';
import { splitYaml } from '../document/yaml-split.ts';
import { readYaml } from '../document/yaml.ts';
import { sentenceOf } from '../errors.ts';
import { findFiles } from './files.ts';
import type { FoundFile } from './files.ts';

/** A larger file is refused: it would take more memory than the service has. */
export const MAX_FILE_BYTES = 128 * 1024 * 1024;

/** Reads every document below the directories; what is wrong with one does not hide the others. */
export async function loadDocuments(
  paths: readonly string[],
  { clock }: { readonly clock: Clock },
): Promise<LoadedDocuments> {
  const found = await findFiles(paths);
  const reading = new DocumentReader();
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

function fileFault(file: string, message: string) {
  return { file, line: 0, column: 0, field: '', message };
}
