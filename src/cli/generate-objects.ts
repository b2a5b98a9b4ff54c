import { isDocumentKind } from '../crd/document-of.ts';
import { objectOf } from '../crd/object-of.ts';
import type { WantedSecret } from '../crd/object-of.ts';
import { yamlOf } from '../crd/print.ts';
import { isRecord } from '../document/load.ts';
import { UserError } from '../errors.ts';
import { count } from './count.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { documentsOf, faultLines } from './platform/documents-of.ts';
import type { ToldFault, WrittenDocument } from './platform/documents-of.ts';

const HEADING =
  '# Objects of Kubernetes that say what the documents say: kubectl apply -f this file, after ostiary generate crds.\n' +
  '# No secret is in it: those that are compared are hashed, and the Secrets that it names are made by you, before.\n';

/** Prints documents as objects. @returns the exit code @throws UserError */
export async function printObjects({ namespace }: GenerateFlags, folders: readonly string[]): Promise<number> {
  const documents = await documentsOf(folders.length === 0 ? ['policies'] : folders, 'nothing is printed');
  const faults: ToldFault[] = [];
  const texts: string[] = [];
  const left = new Map<string, number>();
  for (const [at, { value }] of documents.entries()) {
    const { kind } = value;
    if (typeof kind === 'string' && !isDocumentKind(kind)) {
      left.set(kind, (left.get(kind) ?? 0) + 1);
      continue;
    }
    const made = objectOf(inNamespace(value, namespace), { cluster: undefined });
    if ('faults' in made) faults.push(...made.faults.map(({ field, message }) => ({ field, message, document: at })));
    else texts.push(wantedLines(made.wanted) + yamlOf(made.object));
  }
  refuse(faults, documents);
  for (const [kind, number] of left)
    process.stderr.write(
      `ostiary: ${count(number, 'document')} of kind ${kind} left out: it stays at the control plane (ostiary apply)\n`,
    );
  process.stdout.write(HEADING + texts.join('---\n'));
  return 0;
}

function refuse(faults: readonly ToldFault[], documents: readonly WrittenDocument[]): void {
  if (faults.length === 0) return;
  process.stderr.write(`${faultLines(faults, documents).join('\n')}\n`);
  throw new UserError(`nothing is printed: ${count(faults.length, 'fault')}`);
}

/** A document without a namespace is in the one that the flag names. */
function inNamespace(document: WrittenDocument['value'], namespace: string): WrittenDocument['value'] {
  const { metadata } = document;
  return isRecord(metadata) ? { ...document, metadata: { namespace, ...metadata } } : document;
}

function wantedLines(wanted: readonly WantedSecret[]): string {
  return wanted
    .map(({ namespace, ref, holds }) => `# The Secret ${namespace}/${ref.name} needs the key ${ref.key}: ${holds}.\n`)
    .join('');
}
