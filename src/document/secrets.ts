import { dirname, resolve } from 'node:path';
import { sentenceOf } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Changes, DocumentIndex } from './document-index.ts';
import { resolveVariables } from './environment.ts';
import type { SecretLookup } from './environment.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { namespaceOf, qualifiedName } from './names.ts';
import { accessOf } from './resource-access.ts';
import type { Document, DocumentOf } from './schema.ts';
import type { SecretReader } from './secret-source.ts';

type Entry = DocumentOf<'Secret'>['spec']['data'][string];
type Read = { readonly text: string; readonly isUnknown?: boolean } | { readonly problem: string };

const MAX_BYTES = 64 * 1024;
const SEALED = 'is encrypted with a key that the control plane does not have: add it to its --secrets-key-file';
const ABSENT =
  'is not on this disk: it comes with the control plane. With --cache-key-file it is kept, encrypted, in --cache-dir';

/** Documents of kind Secret, for the documents of their namespaces that refer to them. */
export class SecretStage {
  readonly #index: DocumentIndex;
  /** By qualified name, by key. */
  readonly #values = new Map<string, ReadonlyMap<string, Read>>();
  readonly #issues = new Map<Loaded<'Secret'>, readonly Issue[]>();

  constructor(index: DocumentIndex) {
    this.#index = index;
  }

  /** @returns the qualified names of those that have changed, come or gone */
  async take(changes: Changes, reader: SecretReader): Promise<ReadonlySet<string>> {
    const changed = new Set<string>();
    for (const loaded of changes.removals('Secret')) {
      const name = qualifiedName(loaded.document.metadata);
      this.#values.delete(name);
      this.#issues.delete(loaded);
      changed.add(name);
    }
    for (const loaded of changes.upserts('Secret')) {
      const name = qualifiedName(loaded.document.metadata);
      this.#values.set(name, await this.#read(loaded, reader));
      changed.add(name);
    }
    return changed;
  }

  /** What references of a document lead to: to Secrets of its own namespace alone. */
  lookupFor(metadata: Document['metadata']): SecretLookup {
    const namespace = namespaceOf(metadata);
    return (secret, key) => {
      const name = qualifiedName({ namespace, name: secret });
      const values = this.#values.get(name);
      if (values === undefined) {
        const dangling = this.#index.dangling('Secret', name);
        return { problem: dangling ?? `the Secret ${secret} has faults`, isDangling: true };
      }
      const read = values.get(key);
      if (read === undefined)
        return { problem: `the Secret ${secret} has no key of this name${didYouMean(key, values.keys())}` };
      return 'text' in read ? read : { problem: `the value of ${key} in the Secret ${secret} ${read.problem}` };
    };
  }

  tellFaults(faults: Faults): void {
    for (const [{ place }, issues] of this.#issues) addIssues(faults, place, issues);
  }

  async #read(loaded: Loaded<'Secret'>, reader: SecretReader): Promise<ReadonlyMap<string, Read>> {
    const { document, place } = loaded;
    const file = 'resource' in place ? undefined : place.source.file;
    const values = new Map<string, Read>();
    const issues: Issue[] = [];
    for (const [key, entry] of Object.entries(document.spec.data)) {
      const read = await readEntry(entry, file, reader);
      if ('fault' in read) {
        issues.push({ path: ['spec', 'data', key, ...read.path], at: 'value', message: read.fault });
        values.set(key, { problem: 'has a fault' });
      } else values.set(key, read);
    }
    if (issues.length > 0) this.#issues.set(loaded, issues);
    return values;
  }
}

async function readEntry(
  { value, file, sealed, opened }: Entry,
  document: string | undefined,
  reader: SecretReader,
): Promise<Read | { readonly path: readonly PropertyKey[]; readonly fault: string }> {
  if (opened !== undefined) return { text: opened };
  if (sealed !== undefined) return { problem: SEALED };
  const access = accessOf(document, reader);
  if (value !== undefined) {
    const resolved = resolveVariables(value, access.variables, { unset: access.unset });
    const [issue] = resolved.issues;
    if (issue !== undefined) return { path: ['value'], fault: issue.message };
    const isUnknown = resolved.substitutions.some((each) => each.isUnknown);
    if (resolved.value === '') return { path: ['value'], fault: 'is empty' };
    return { text: String(resolved.value), ...(isUnknown && { isUnknown }) };
  }
  if (file === undefined) return { problem: ABSENT };
  const path = document === undefined ? file : resolve(dirname(document), file);
  reader.onFile(path);
  try {
    const text = (await access.readFile(path, MAX_BYTES)).toString('utf8').replace(/\r?\n$/, '');
    return text === '' ? { path: ['file'], fault: 'its file is empty' } : { text };
  } catch (error) {
    return { path: ['file'], fault: `its file: ${sentenceOf(error)}` };
  }
}

const REFERENCE = /(\$?)\$\{secret:([A-Za-z0-9._-]+)\/[A-Za-z0-9._-]+\}/g;
const REFERRING: ReadonlySet<string> = new Set(['Api', 'PolicyBinding', 'Webhook']);

/** The names of Secrets of its own namespace that a document refers to, each once. */
export function secretsNamedIn(document: { readonly kind: string; readonly spec?: unknown }): readonly string[] {
  if (!REFERRING.has(document.kind)) return [];
  const names = new Set<string>();
  const visit = (part: unknown): void => {
    if (typeof part === 'string') {
      if (!part.includes('${secret:')) return;
      for (const [, escape, name = ''] of part.matchAll(REFERENCE)) if (escape === '') names.add(name);
    } else if (typeof part === 'object' && part !== null) Object.values(part).forEach(visit);
  };
  visit(document.spec);
  return [...names];
}

/** Whether a document refers to one of these Secrets, given by qualified name. */
export function refersTo({ document }: Loaded, secrets: ReadonlySet<string>): boolean {
  if (secrets.size === 0) return false;
  const { metadata } = document;
  return secretsNamedIn(document).some((name) => secrets.has(qualifiedName({ ...metadata, name })));
}
