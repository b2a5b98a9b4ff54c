import { documentOf } from '../crd/document-of.ts';
import type { Grant } from '../crd/grants.ts';
import { secretNotFound } from '../crd/object-fault.ts';
import type { ObjectFault } from '../crd/object-fault.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import type { Json } from './resources.ts';
import type { SecretValues } from './secret-follower.ts';

export interface ConversionPorts {
  readonly cluster: string | undefined;
  /** @returns undefined: there is none @throws KubernetesFault (rejects with it) */
  readonly readSecret: (namespace: string, name: string) => Promise<SecretValues | undefined>;
}

/** What became of an object. */
export interface Converted {
  /** Undefined: there are faults. */
  readonly document: Json | undefined;
  readonly faults: readonly ObjectFault[];
  /** Names of the Secrets of its namespace on which it depends, found or not. */
  readonly secrets: ReadonlySet<string>;
  /** Of those that its policies read at the sidecars, by name: the keys. */
  readonly read: ReadonlyMap<string, ReadonlySet<string>>;
}

const REFERENCE = /\$\{secret:([A-Za-z0-9._-]+)\/([A-Za-z0-9._-]+)\}/g;

/** Makes a document of an object, with the Secrets that it names as they are now. */
export async function convert(
  object: KubernetesObject,
  grants: readonly Grant[],
  { cluster, readSecret }: ConversionPorts,
): Promise<Converted> {
  const namespace = object.metadata.namespace ?? '';
  const known = new Map<string, SecretValues | undefined>();
  for (;;) {
    const wanted = new Set<string>();
    const made = documentOf(object, {
      cluster,
      grants,
      resolveSecret({ name, key }) {
        if (!known.has(name)) wanted.add(name);
        const text = known.get(name)?.get(key);
        return text === undefined ? { problem: absence(name, key, known.get(name)) } : { text };
      },
    });
    if (wanted.size > 0) {
      for (const name of wanted) known.set(name, await readSecret(namespace, name));
      continue;
    }
    const hashed = new Set(made.hashed.map(({ name }) => name));
    if ('faults' in made) return { document: undefined, faults: made.faults, secrets: hashed, read: new Map() };
    const read = keysRead(made.document);
    return { document: made.document, faults: [], secrets: new Set([...hashed, ...read.keys()]), read };
  }
}

/** Which keys of which Secrets the policies of a document read. */
function keysRead({ spec }: Json): ReadonlyMap<string, ReadonlySet<string>> {
  const read = new Map<string, Set<string>>();
  for (const [, name = '', key = ''] of JSON.stringify(spec).matchAll(REFERENCE)) {
    const keys = read.get(name);
    if (keys === undefined) read.set(name, new Set([key]));
    else keys.add(key);
  }
  return read;
}

function absence(name: string, key: string, values: SecretValues | undefined): string {
  return values === undefined ? `there is no Secret ${name} in this namespace` : `the Secret ${name} has no key ${key}`;
}

/**
 * The document `Secret` of those keys of a Secret that policies read.
 * @param namespace of the document
 */
export function secretDocument(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  keys: ReadonlySet<string>,
  values: SecretValues | undefined,
): { readonly document: Json | undefined; readonly faults: readonly ObjectFault[] } {
  const faults: ObjectFault[] = [];
  const data: Record<string, Json> = {};
  for (const key of [...keys].sort()) {
    const text = values?.get(key)?.replace(/\r?\n$/, '') ?? '';
    if (text !== '') data[key] = { value: text.startsWith('$') ? `$${text}` : text };
    else if (values?.has(key) === true)
      faults.push(secretNotFound('spec', `the key ${key} of the Secret ${name} is empty`));
    else faults.push(secretNotFound('spec', absence(name, key, values)));
  }
  if (Object.keys(data).length === 0) return { document: undefined, faults };
  return {
    document: { apiVersion: 'ostiary.dev/v1alpha1', kind: 'Secret', metadata: { name, namespace }, spec: { data } },
    faults,
  };
}
