import { documentNamespace } from '../crd/names.ts';
import type { ObjectFault } from '../crd/object-fault.ts';
import { secretNotFound } from '../crd/object-fault.ts';
import { secretDocument } from './conversion.ts';
import type { Converted, ConversionPorts } from './conversion.ts';
import { objectKeyFrom, objectText, sourceOf } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import type { OwnResources } from './own-resources.ts';
import type { Resources } from './resources.ts';

export interface SecretDocumentsPorts extends ConversionPorts {
  readonly resources: Pick<Resources, 'write' | 'remove'>;
}

interface Provided {
  readonly faults: readonly ObjectFault[];
  /** The latest of their revisions. */
  readonly revision: number;
}

type Keys = ReadonlyMap<string, ReadonlySet<string>>;

/** Which objects name which Secrets, and the documents of those that policies read: of each, the keys that are read alone. */
export class SecretDocuments {
  readonly #ports: SecretDocumentsPorts;
  readonly #own: OwnResources;
  /** By `namespace/name` of the Secret: texts of objects. */
  readonly #users = new Map<string, Set<string>>();
  /** By text of the object: names of Secrets of its namespace. */
  readonly #named = new Map<string, ReadonlySet<string>>();
  /** By text of the object: the keys that its policies read. */
  readonly #read = new Map<string, Keys>();
  /** Documents that may be needed by nobody. */
  readonly #loose = new Set<string>();

  constructor(ports: SecretDocumentsPorts, own: OwnResources) {
    this.#ports = ports;
    this.#own = own;
  }

  /** @param secret `namespace/name` */
  usersOf(secret: string): readonly ObjectKey[] {
    return [...(this.#users.get(secret) ?? [])].map(objectKeyFrom);
  }

  /** The object names these Secrets, and no others. What its policies read is as it was, until it is written. */
  depend(key: ObjectKey, secrets: ReadonlySet<string>): void {
    const text = objectText(key);
    for (const name of this.#named.get(text) ?? []) this.#users.get(`${key.namespace}/${name}`)?.delete(text);
    if (secrets.size === 0) this.#named.delete(text);
    else this.#named.set(text, secrets);
    for (const name of secrets) {
      const secret = `${key.namespace}/${name}`;
      const users = this.#users.get(secret);
      if (users === undefined) this.#users.set(secret, new Set([text]));
      else users.add(text);
    }
  }

  /** Writes the documents that the policies of an object read. */
  async provide(key: ObjectKey, { read, secrets }: Converted): Promise<Provided> {
    this.depend(key, secrets);
    const text = objectText(key);
    for (const name of this.#read.get(text)?.keys() ?? []) this.#loose.add(`${key.namespace}/${name}`);
    const before = this.#read.get(text);
    // Until the object is written, what it read before is needed too.
    this.#reads(text, before === undefined ? read : union(before, read));
    const faults: ObjectFault[] = [];
    let latest = 0;
    for (const name of read.keys()) {
      const written = await this.#write(key.namespace, name);
      faults.push(...written.faults);
      latest = Math.max(latest, written.revision);
    }
    if (faults.length === 0) this.#reads(text, read);
    return { faults, revision: latest };
  }

  /** An object was written, or is gone: documents that only it needed go. */
  async settle(key: ObjectKey): Promise<void> {
    const text = objectText(key);
    if (!this.#named.has(text)) {
      for (const name of this.#read.get(text)?.keys() ?? []) this.#loose.add(`${key.namespace}/${name}`);
      this.#read.delete(text);
    }
    for (const secret of this.#loose) {
      const [namespace = '', name = ''] = secret.split('/');
      if (this.#keysOf(namespace, name).size === 0) await this.#remove(namespace, name);
      this.#loose.delete(secret);
    }
  }

  #reads(text: string, read: Keys): void {
    if (read.size === 0) this.#read.delete(text);
    else this.#read.set(text, read);
  }

  async sweep(): Promise<void> {
    for (const { kind, namespace, name } of this.#own.objects()) {
      if (kind === 'Secret' && this.#keysOf(namespace, name).size === 0) await this.#remove(namespace, name);
    }
  }

  async #write(namespace: string, name: string): Promise<Provided> {
    const { cluster, readSecret, resources } = this.#ports;
    const keys = this.#keysOf(namespace, name);
    const place = { namespace: documentNamespace(namespace, { cluster }), name };
    const { document, faults } = secretDocument(place, keys, await readSecret(namespace, name));
    if (document === undefined || faults.length > 0) return { faults, revision: 0 };
    const source = sourceOf(cluster, { kind: 'Secret', namespace, name });
    const outcome = await resources.write(document, source);
    if (outcome.kind === 'written') {
      this.#own.set(source, { ...outcome.key, revision: outcome.revision });
      return { faults: [], revision: outcome.revision };
    }
    const why = outcome.kind === 'others' ? outcome.message : outcome.faults.map(({ message }) => message).join('; ');
    return { faults: [secretNotFound('spec', `the Secret ${name} can't be brought to sidecars: ${why}`)], revision: 0 };
  }

  async #remove(namespace: string, name: string): Promise<void> {
    const { cluster, resources } = this.#ports;
    const source = sourceOf(cluster, { kind: 'Secret', namespace, name });
    const resource = this.#own.of(source);
    if (resource === undefined) return;
    const outcome = await resources.remove(resource, source);
    // Where somebody else reads it, it stays: they share a namespace.
    if (outcome.kind !== 'faulty') this.#own.delete(source);
  }

  #keysOf(namespace: string, name: string): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const [text, read] of this.#read) {
      if (objectKeyFrom(text).namespace !== namespace) continue;
      for (const key of read.get(name) ?? []) keys.add(key);
    }
    return keys;
  }
}

function union(one: Keys, other: Keys): Keys {
  const all = new Map<string, ReadonlySet<string>>(one);
  for (const [name, keys] of other) all.set(name, (all.get(name) ?? new Set()).union(keys));
  return all;
}
