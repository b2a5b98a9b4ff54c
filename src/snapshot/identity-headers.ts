import type { Check } from '../request/check.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';

/** Ours whatever is configured: upstreams may rely on them, so no client may send them. */
const ALWAYS_OWNED = ['x-ostiary-client-id', 'x-ostiary-client-name', 'x-ostiary-tier'];

const EMPTY: readonly string[] = [];

/**
 * The headers by which upstreams learn who calls. A client that could send one itself could
 * impersonate anyone, so each is removed from every request unless the request's own result sets it.
 * Upstreams that map headers to variables take every sign for a dash: every spelling is ours.
 */
export class IdentityHeaders {
  /** Canonical names. */
  readonly names: ReadonlySet<string>;
  /** What to remove, by what is set: the same array for the same shape, so that its encoding can be kept. */
  readonly #removals = new Map<string, readonly string[]>();
  readonly #spellings: readonly string[];
  /** Of all spellings: a name of another length is none of ours. */
  readonly #lengths: ReadonlySet<number>;

  constructor(configured: Iterable<string>) {
    const spellings = new Set<string>();
    const names = new Set<string>();
    for (const name of [...ALWAYS_OWNED, ...configured]) {
      const dashed = canonicalHeaderName(name);
      names.add(dashed);
      spellings.add(dashed).add(dashed.replaceAll('-', '_')).add(name.toLowerCase());
    }
    this.names = names;
    this.#spellings = [...spellings];
    this.#lengths = new Set(this.#spellings.map(({ length }) => length));
  }

  /** The owned headers to remove from this request, given what its result sets. */
  removalsFor(check: Check, upstream: readonly HeaderEntry[]): readonly string[] {
    const fixed = this.#removalsBeside(upstream);
    const mixed = this.#mixedSpellings(check, upstream);
    return mixed.length === 0 ? fixed : [...new Set([...fixed, ...mixed])];
  }

  #removalsBeside(upstream: readonly HeaderEntry[]): readonly string[] {
    let shape = '';
    for (const [name] of upstream) shape += `${name} `;
    let removals = this.#removals.get(shape);
    if (removals === undefined) {
      // Optional claims could make many shapes: their number is bounded.
      if (this.#removals.size >= 256) this.#removals.clear();
      const set = new Set(upstream.map(([name]) => name));
      removals = this.#spellings.filter((name) => !set.has(name));
      this.#removals.set(shape, removals);
    }
    return removals;
  }

  /** Such as `x-ostiary_client.id`: too many to list beforehand, so those that were sent. */
  #mixedSpellings(check: Check, upstream: readonly HeaderEntry[]): readonly string[] {
    const suspects = check.headerNamesWithSigns(this.#lengths);
    if (suspects.length === 0) return EMPTY;
    return suspects.filter(
      (name) => this.names.has(canonicalHeaderName(name)) && !upstream.some(([set]) => set === name),
    );
  }
}
