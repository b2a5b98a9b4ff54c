import type { TextPlace } from '../document/load.ts';
import { readJson } from '../document/text/json.ts';
import { decodeUtf8, isJson, SourceText } from '../document/text/source-text.ts';
import { readYaml } from '../document/text/yaml.ts';
import { sentenceOf } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import type { FileAccess } from '../file-access.ts';
import { findFiles } from '../source/files.ts';
import { isFields, Remarks } from './remarks.ts';
import type { Fields, Findings } from './remarks.ts';

/** Many times the largest size of our own documents. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A document of Flex/Omni Gateway, with its place in the file. */
export interface FlexDocument {
  readonly file: string;
  readonly value: Fields;
  readonly place: TextPlace;
  readonly remarks: Remarks;
}

/** Reads every document below the directories. A fault in one does not hide the others. */
export async function readFlexFiles(
  directories: readonly string[],
  findings: Findings,
  access: FileAccess = systemFiles,
): Promise<readonly FlexDocument[]> {
  const found = await findFiles(directories, access);
  const refuseFile = (file: string, message: string): void =>
    findings.faults.add(() => ({ file, line: 0, column: 0, field: '', message }));
  for (const { path, message } of found.problems) refuseFile(path, message);
  const documents: FlexDocument[] = [];
  for (const { path } of found.files) {
    try {
      const decoded = decodeUtf8(await access.read(path, MAX_BYTES));
      if ('text' in decoded) documents.push(...documentsOf(new SourceText(path, decoded.text), findings));
      else refuseFile(path, `is not UTF-8 (line ${decoded.badLine}): save it in that encoding`);
    } catch (error) {
      refuseFile(path, sentenceOf(error));
    }
  }
  if (documents.length === 0 && findings.faults.none) {
    for (const path of directories) refuseFile(path, 'no documents of Flex/Omni Gateway here (*.yaml, *.yml, *.json)');
  }
  return documents;
}

function* documentsOf(source: SourceText, findings: Findings): Generator<FlexDocument> {
  const { file } = source;
  for (const parsed of isJson(file) ? readJson(source.text) : readYaml(source.text)) {
    const { start, end } = parsed;
    if ('faults' in parsed) {
      for (const { offset, message } of parsed.faults)
        findings.faults.add(() => ({ file, ...source.lineColumn(offset), field: '', message }));
      continue;
    }
    const { value, issues } = parsed;
    const items = isFields(value) && value['kind'] === 'List' ? value['items'] : undefined;
    const parts = Array.isArray(items)
      ? items.map((item: unknown, index) => ({ value: item, prefix: ['items', index] }))
      : [{ value, prefix: [] }];
    for (const part of parts) {
      const place: TextPlace = { source, start, end, prefix: part.prefix };
      const remarks = new Remarks(findings, place);
      for (const { path, at, message } of issues) remarks.at(...path).refuse(message, at);
      if (issues.length > 0) continue;
      if (isFields(part.value)) yield { file, value: part.value, place, remarks };
      else remarks.refuse('expected a document: a mapping with apiVersion and kind');
    }
  }
}
