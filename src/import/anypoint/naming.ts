import { hash } from 'node:crypto';

const LONGEST = 200;

/** A name of ours that people know again; the same for the same text. */
export function slugOf(text: string): string {
  const slug = text
    .slice(0, 4 * LONGEST)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, LONGEST)
    .replace(/[._-]+$/, '');
  return slug === '' ? 'unnamed' : slug;
}

/** Two names in one, at most as long as a name may be. */
export function joinedName(first: string, second: string): string {
  const joined = `${first}-${second}`;
  if (joined.length <= LONGEST) return joined;
  return `${joined.slice(0, LONGEST - 20).replace(/[._-]+$/, '')}-${hash('sha256', joined).slice(0, 16)}`;
}

/** Gives names that nothing else has. */
export class Names {
  readonly #taken: Set<string>;

  /** @param taken by others already */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The first of these that is free. With their ids as the order, whoever comes later leaves the names of the others. */
  take(...wanted: readonly [string, ...string[]]): string {
    let name = wanted.find((each) => !this.#taken.has(each));
    for (let number = 2; name === undefined; number += 1) {
      const [first] = wanted;
      const next = `${first}-${number}`;
      if (!this.#taken.has(next)) name = next;
    }
    this.#taken.add(name);
    return name;
  }
}

/** As numbers where both are: an older thing has the lower one. */
export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return Number(a.id) - Number(b.id) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
