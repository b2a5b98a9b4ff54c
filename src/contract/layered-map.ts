/** Changes are merged into the map if there are more than this, or more than one part in {@link MERGE_PART} of it. */
const MERGE_AT = 256;
const MERGE_PART = 16;

/**
 * An immutable map. A change returns a new map that shares the unchanged part. While changes are not merged yet, a
 * look-up reads two maps.
 */
export class LayeredMap<Value> {
  readonly #base: ReadonlyMap<string, Value>;
  /** Undefined stands for a removal. */
  readonly #changes: ReadonlyMap<string, Value | undefined> | undefined;

  constructor(base: ReadonlyMap<string, Value>, changes?: ReadonlyMap<string, Value | undefined>) {
    this.#base = base;
    this.#changes = changes;
  }

  get(key: string): Value | undefined {
    const changes = this.#changes;
    if (changes !== undefined) {
      const changed = changes.get(key);
      if (changed !== undefined || changes.has(key)) return changed;
    }
    return this.#base.get(key);
  }

  *values(): Iterable<Value> {
    const changes = this.#changes;
    for (const [key, value] of this.#base) if (changes?.has(key) !== true) yield value;
    for (const value of changes?.values() ?? []) if (value !== undefined) yield value;
  }

  /** @param entries a value of undefined removes the key */
  with(entries: Iterable<readonly [key: string, value: Value | undefined]>): LayeredMap<Value> {
    const changes = new Map([...(this.#changes ?? []), ...entries]);
    if (changes.size <= Math.max(MERGE_AT, this.#base.size / MERGE_PART)) return new LayeredMap(this.#base, changes);
    const merged = new Map(this.#base);
    for (const [key, value] of changes) {
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    return new LayeredMap(merged);
  }
}
