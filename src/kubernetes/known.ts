import { nameText } from './object.ts';
import type { KubernetesObject, ObjectName } from './object.ts';
import { isLater } from './resource-version.ts';

/** What became of one object. */
export interface ObjectChange<Kept> {
  readonly key: string;
  readonly name: ObjectName;
  /** Undefined: it is new. */
  readonly before: Kept | undefined;
  /** Undefined: it is gone. */
  readonly after: Kept | undefined;
}

/** So many deleted objects are remembered, so that a late event brings none of them back. */
const MOST_GONE = 10_000;

interface Seen {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** The objects of a type as events and lists have told, whatever is told twice or late. */
export class Known<Kept> {
  readonly #keep: (object: KubernetesObject) => Kept;
  readonly #kept = new Map<string, Kept>();
  readonly #seen = new Map<string, Seen>();
  /** By key: the resource version of the deletion. */
  readonly #gone = new Map<string, string | undefined>();

  constructor(keep: (object: KubernetesObject) => Kept) {
    this.#keep = keep;
  }

  get kept(): ReadonlyMap<string, Kept> {
    return this.#kept;
  }

  /** @returns undefined: it was known already, or a later change is known */
  take(event: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): ObjectChange<Kept> | undefined {
    const { name, key, resourceVersion } = identify(object);
    const seen = this.#seen.get(key);
    if (seen !== undefined && !isLater(resourceVersion, seen.resourceVersion)) return undefined;
    if (seen === undefined && this.#gone.has(key) && !isLater(resourceVersion, this.#gone.get(key))) return undefined;
    if (event !== 'DELETED') return this.#set(object);
    this.#remember(key, resourceVersion);
    return seen === undefined ? undefined : this.#drop(key, name);
  }

  /** A complete list: what it does not have is gone. */
  *replace(objects: readonly KubernetesObject[]): Generator<ObjectChange<Kept>> {
    this.#gone.clear();
    const missing = new Set(this.#kept.keys());
    for (const object of objects) {
      const { key, uid, resourceVersion } = identify(object);
      missing.delete(key);
      const seen = this.#seen.get(key);
      if (seen !== undefined && seen.uid === uid && seen.resourceVersion === resourceVersion) continue;
      yield this.#set(object);
    }
    for (const key of missing) {
      const [name = '', namespace] = key.split('/').toReversed();
      yield this.#drop(key, { namespace, name });
    }
  }

  #set(object: KubernetesObject): ObjectChange<Kept> {
    const { name, key, uid, resourceVersion } = identify(object);
    const before = this.#kept.get(key);
    const after = this.#keep(object);
    this.#gone.delete(key);
    this.#kept.set(key, after);
    this.#seen.set(key, { uid, resourceVersion });
    return { key, name, before, after };
  }

  #drop(key: string, name: ObjectName): ObjectChange<Kept> {
    const before = this.#kept.get(key);
    this.#kept.delete(key);
    this.#seen.delete(key);
    return { key, name, before, after: undefined };
  }

  #remember(key: string, resourceVersion: string | undefined): void {
    this.#gone.set(key, resourceVersion);
    if (this.#gone.size <= MOST_GONE) return;
    const [oldest = ''] = this.#gone.keys();
    this.#gone.delete(oldest);
  }
}

function identify({ metadata }: KubernetesObject) {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { name: { namespace, name }, key: nameText({ namespace, name }), uid, resourceVersion };
}
