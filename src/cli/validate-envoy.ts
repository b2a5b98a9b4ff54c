import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { formatPath } from '../document/issues.ts';
import { SourceText } from '../document/text/source-text.ts';
import { documentsIn } from '../doctor/read-text.ts';
import { sentenceOf, UserError } from '../errors.ts';
import type { Fault } from '../errors.ts';
import { isMessage } from '../generate/envoy-value.ts';
import { inspectEnvoy } from '../generate/inspect-envoy.ts';
import type { Inspected } from '../generate/logger-remarks.ts';

/** A file with Envoy's configuration, and what is to be said of it. */
export interface EnvoyFile extends Omit<Inspected, 'remarks'> {
  readonly file: string;
  /** It can't be read, or nothing in it asks. */
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** @param file `-`: standard input @throws UserError where it can't be read */
export async function inspectEnvoyFile(file: string): Promise<EnvoyFile> {
  const name = file === '-' ? 'standard input' : file;
  const source = new SourceText(name, await contentOf(file));
  const documents = documentsIn(source.text).toArray();
  const faults = documents.flatMap((each): readonly Fault[] =>
    'fault' in each ? [{ file: name, ...source.lineColumn(each.at), field: '', message: each.fault }] : [],
  );
  const readable = documents.flatMap((each) =>
    'fault' in each || !isMessage(each.value) ? [] : [{ value: each.value, path: [], locate: each.locate }],
  );
  const warnings: Fault[] = [];
  const sums = { asking: 0, logging: 0 };
  for (const [at, { asking, logging, remarks }] of inspectEnvoy(readable).entries()) {
    sums.asking += asking;
    sums.logging += logging;
    for (const { path, message } of remarks) {
      const place = source.lineColumn(readable[at]?.locate(path) ?? 0);
      warnings.push({ file: name, ...place, field: formatPath(path), message, severity: 'warning' });
    }
  }
  if (faults.length === 0 && sums.asking === 0 && warnings.length === 0) {
    const message =
      'nothing in it asks who may pass. Expected: Envoy with the filter envoy.filters.http.ext_authz, an EnvoyFilter, an AuthorizationPolicy, a mesh configuration, or a SecurityPolicy of Envoy Gateway; ostiary generate writes each';
    faults.push({ file: name, line: 0, column: 0, field: '', message });
  }
  return { file: name, ...sums, faults, warnings };
}

async function contentOf(file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`--envoy: ${file}: ${sentenceOf(error)}`);
  }
}
