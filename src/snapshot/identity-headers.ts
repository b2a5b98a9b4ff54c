import type { Check } from '../request/check.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';

/** These are owned in any configuration: upstreams may rely on them, so no client may send them. */
const ALWAYS_OWNED = ['x-ostiary-client-id', 'x-ostiary-client-name', 'x-ostiary-tier'];

const EMPTY: readonly string[] = [];

/** Optional claims could make many combinations: this bounds the names that are kept. */
const MAX_SHAPES = 1024;

/** What to remove if these names are set: the same array for the same names, so that its encoding can be kept. */
class Shape {
  removals: readonly string[] | undefined;
  /** By the next name that is set. */
  readonly longer = new Map<string, Shape>();
}

/**
 * The headers that tell upstreams who calls. A client that could send one could impersonate anyone, so each is removed
 * from every request unless the request's own result sets it. Upstreams that map headers to variables treat every sign
 * like a dash, so every spelling is removed.
 */
export class IdentityHeaders {
  /** Canonical names. */
  readonly names: ReadonlySet<string>;
  /** What to remove, by what is set. */
  #shapes = new Shape();
  #shapeCount = 0;
  readonly #spellings: readonly string[];
  /** 1 at the lengths of all spellings: a name of another length is not owned. */
  readonly #lengths: Uint8Array;

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
    this.#lengths = new Uint8Array(1 + Math.max(...this.#spellings.map(({ length }) => length)));
    for (const { length } of this.#spellings) this.#lengths[length] = 1;
  }

  /** The owned headers to remove from this request, given what its result sets. */
  removalsFor(check: Check, upstream: readonly HeaderEntry[]): readonly string[] {
    const fixed = this.#removalsBeside(upstream);
    const mixed = this.#mixedSpellings(check, upstream);
    return mixed.length === 0 ? fixed : [...new Set([...fixed, ...mixed])];
  }

  #removalsBeside(upstream: readonly HeaderEntry[]): readonly string[] {
    let shape: Shape | undefined = this.#shapes;
    for (const [name] of upstream) if ((shape = shape.longer.get(name)) === undefined) break;
    return shape?.removals ?? this.#addShape(upstream);
  }

  #addShape(upstream: readonly HeaderEntry[]): readonly string[] {
    if (this.#shapeCount + upstream.length > MAX_SHAPES) {
      this.#shapes = new Shape();
      this.#shapeCount = 0;
    }
    this.#shapeCount += upstream.length;
    let shape = this.#shapes;
    for (const [name] of upstream) {
      let longer = shape.longer.get(name);
      if (longer === undefined) shape.longer.set(name, (longer = new Shape()));
      shape = longer;
    }
    const set = new Set(upstream.map(([name]) => name));
    return (shape.removals = this.#spellings.filter((name) => !set.has(name)));
  }

  /** Such as `x-ostiary_client.id`: there are too many spellings to list, so only those in the request are removed. */
  #mixedSpellings(check: Check, upstream: readonly HeaderEntry[]): readonly string[] {
    const suspects = check.headerNamesWithSigns(this.#lengths);
    if (suspects.length === 0) return EMPTY;
    return suspects.filter(
      (name) => this.names.has(canonicalHeaderName(name)) && !upstream.some(([set]) => set === name),
    );
  }
}
