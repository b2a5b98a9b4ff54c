import type { Guest } from '../../document/guest-schema.ts';
import type { ResourceKey } from '../../registry/log.ts';
import { isBelow } from '../../request/path.ts';
import { PathTree } from './path-tree.ts';
import { addressOf, hostCovers, patternsAbove, tellsNothing } from './place.ts';
import type { Address, Place } from './place.ts';

type Name = Pick<ResourceKey, 'namespace' | 'name'>;

/** An API, as far as its places are concerned. */
export interface Holder extends Name, Address {
  /** As `metadata.owner` says. */
  readonly owner: string | undefined;
}

/** A place, and who has it. */
export interface Held {
  readonly place: Place;
  readonly holder: Holder;
}

/** The places of all APIs. To find those that meet one takes as long as there are of them, not of APIs. */
export class PlaceIndex {
  readonly #held = new Map<string, readonly [holder: Holder, held: readonly Held[]]>();
  readonly #byHost = new Map<string, PathTree<Held>>();
  /** Whatever the host: for places at any host. */
  readonly #byPath = new PathTree<Held>();

  /** In place of what it was. */
  put({ namespace, name }: Name, owner: string | undefined, document: unknown): void {
    this.remove({ namespace, name });
    const holder: Holder = { namespace, name, owner, ...addressOf(document) };
    const held = holder.places.map((place): Held => ({ place, holder }));
    for (const each of held) {
      const { host, path } = each.place;
      let tree = this.#byHost.get(host);
      if (tree === undefined) this.#byHost.set(host, (tree = new PathTree()));
      tree.add(path, each);
      this.#byPath.add(path, each);
    }
    this.#held.set(textOf(holder), [holder, held]);
  }

  remove(key: Name): void {
    const [holder, held = []] = this.#held.get(textOf(key)) ?? [];
    if (holder === undefined) return;
    this.#held.delete(textOf(key));
    for (const each of held) {
      const { host, path } = each.place;
      const tree = this.#byHost.get(host);
      tree?.delete(path, each);
      if (tree?.isEmpty === true) this.#byHost.delete(host);
      this.#byPath.delete(path, each);
    }
  }

  get(key: Name): Holder | undefined {
    return this.#held.get(textOf(key))?.[0];
  }

  *holders(): Iterable<Holder> {
    for (const [holder] of this.#held.values()) yield holder;
  }

  /** Places that have a request in common with this one. */
  *meeting(place: Place): Iterable<Held> {
    for (const held of this.#at(place)) if (!tellsNothing(place, held.place)) yield held;
  }

  *#at({ host, path }: Place): Iterable<Held> {
    if (host === '*') {
      yield* this.#byPath.meeting(path);
      return;
    }
    for (const one of [host, ...patternsAbove(host)]) yield* this.#byHost.get(one)?.meeting(path) ?? [];
    if (!host.startsWith('*.')) return;
    for (const [one, tree] of this.#byHost) {
      if (one !== host && hostCovers(host, one)) yield* tree.meeting(path);
    }
  }
}

/** Whether a place lies where a guest may have one. */
export function lets({ hosts, basePath }: Guest, house: Holder, place: Place): boolean {
  const within = hosts ?? house.places.map(({ host }) => host);
  return within.some((host) => hostCovers(host, place.host)) && isBelow(basePath, place.path);
}

function textOf({ namespace, name }: Name): string {
  return `${namespace}/${name}`;
}
