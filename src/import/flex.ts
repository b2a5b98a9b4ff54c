import { DocumentReader } from '../document/load.ts';
import type { CompiledOnce } from '../document/compile.ts';
import type { CompleteSet } from '../document/document-set.ts';
import type { Fault } from '../errors.ts';
import { refuseAmbiguousAddresses } from './flex-addresses.ts';
import { importConfiguration } from './flex-configuration.ts';
import { FLEX_VERSION, makeApi, makeBinding, nameOf } from './flex-documents.ts';
import type { HostsOf, Made } from './flex-documents.ts';
import { readFlexFiles } from './flex-files.ts';
import type { FlexDocument } from './flex-files.ts';
import { refuseForeignSelections } from './flex-selections.ts';
import { noFindings, toldIn } from './remarks.ts';
import type { Fields, Findings } from './remarks.ts';

export interface ImportOptions {
  readonly directories: readonly string[];
  readonly hosts: HostsOf;
  /**
   * Compiles the imported documents, as `validate` does.
   * @param variables in addition to those of the environment
   */
  readonly compile: (set: CompleteSet, variables: Readonly<Record<string, string>>) => Promise<CompiledOnce>;
}

export interface Imported {
  /** By file, in the order in which they were read; files without a result are absent. */
  readonly files: ReadonlyMap<string, readonly Fields[]>;
  /** If there are faults, nothing must be written. */
  readonly faults: readonly Fault[];
  readonly notes: readonly Fault[];
}

/** Converts documents of Flex/Omni Gateway, and checks the result as `validate` does. */
export async function importFlex({ directories, hosts, compile }: ImportOptions): Promise<Imported> {
  const findings = noFindings();
  const documents = await readFlexFiles(directories, findings);
  const apis = documents.filter(({ value }) => value['kind'] === 'ApiInstance');
  const made = documents.flatMap((document) => makeOne(document, hosts) ?? []);
  for (const name of hosts.keys()) {
    if (apis.some((api) => nameOf(api) === name)) continue;
    findings.faults.add(() => ({
      file: '--host',
      line: 0,
      column: 0,
      field: '',
      message: `there is no ApiInstance ${name}`,
    }));
  }
  refuseAmbiguousAddresses(made);
  refuseForeignSelections(made);
  if (findings.faults.none) await checkAll(made, findings, compile);
  const files = new Map<string, Fields[]>();
  for (const { of, value } of made) files.set(of.file, [...(files.get(of.file) ?? []), value]);
  return { files, ...toldIn(findings) };
}

function makeOne(document: FlexDocument, hosts: HostsOf): Made | undefined {
  const { value, remarks } = document;
  const { apiVersion, kind } = value;
  if (kind === 'Configuration') return (importConfiguration(document), undefined);
  if (apiVersion !== FLEX_VERSION) {
    remarks.at('apiVersion').refuse(`expected "${FLEX_VERSION}": keep other documents in another folder`);
    return undefined;
  }
  const known = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
  remarks.refuseOthers(value, known);
  switch (kind) {
    case 'ApiInstance':
      return makeApi(document, hosts);
    case 'PolicyBinding':
      return makeBinding(document);
    case 'Service':
      remarks.at('kind').note('a Service is not imported: it is a cluster of Envoy');
      return undefined;
    case 'Extension':
      remarks.at('kind').note('an Extension is not imported: a custom policy runs in Flex/Omni Gateway alone');
      return undefined;
    default:
      remarks.at('kind').refuse('expected ApiInstance, PolicyBinding, Configuration, Service or Extension');
      return undefined;
  }
}

/** The fault for a variable that is set only where the service runs. */
const UNSET = /^the environment variable (\w+) is not set/;
/**
 * Replaces the value of a variable, so that what depends on it is checked too. It is long enough for a shared secret.
 */
const PLACEHOLDER = 'a-variable-that-is-not-set-here-'.repeat(2);

async function checkAll(made: readonly Made[], findings: Findings, compile: ImportOptions['compile']): Promise<void> {
  if (made.length === 0) return;
  const variables: Record<string, string> = {};
  // Each round adds a variable, or is the last one.
  for (;;) {
    const compiled = await compile(setOf(made), variables);
    if (compiled.snapshot !== undefined) return;
    const named = compiled.faults.flatMap(({ message }) => UNSET.exec(message)?.[1] ?? []);
    const unset = named.filter((name) => !Object.hasOwn(variables, name));
    if (unset.length === 0) {
      for (const fault of compiled.faults) if (!isOfVariable(fault, made)) findings.faults.add(() => fault);
      return;
    }
    for (const name of unset) variables[name] = PLACEHOLDER;
  }
}

function setOf(made: readonly Made[]): CompleteSet {
  const reader = new DocumentReader();
  for (const { of, value, written } of made) reader.addDocument({ ...of.place, written }, value, []);
  const { documents, broken, faults } = reader;
  return { complete: true, documents, broken, faults, sources: [...new Set(made.map(({ of }) => of.file))] };
}

/** Whether the fault is at a place with a variable, whose value is not known yet. */
function isOfVariable({ file, line, column }: Fault, made: readonly Made[]): boolean {
  const text = made.find(({ of }) => of.file === file)?.of.place.source.text.split('\n')[line - 1] ?? '';
  return /^["']?\$[A-Za-z_{]/.test(text.slice(column - 1));
}
