/** An unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** Nanoseconds since the Unix epoch. */
export class Timestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** What `type(x)` gives. */
export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Equal keys are one key: `1`, `1u` and `1.0` are the same. */
type MapKey = string | boolean | bigint;

/** A map that an expression writes, or that is made from a request. */
export class MapValue {
  readonly #entries = new Map<MapKey, readonly [key: Value, value: Value]>();

  static ofTexts(entries: Iterable<readonly [string, string]>): MapValue {
    const map = new MapValue();
    for (const [key, value] of entries) map.set(key, value);
    return map;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @returns false if the key is not a text, number or truth value, or if the map has it already */
  set(key: Value, value: Value): boolean {
    const one = keyOf(key);
    if (one === undefined || this.#entries.has(one)) return false;
    // A double as a key is stored as the int that it equals.
    this.#entries.set(one, [typeof key === 'number' ? one : key, value]);
    return true;
  }

  get(key: Value): Value | undefined {
    const one = keyOf(key);
    return one === undefined ? undefined : this.#entries.get(one)?.[1];
  }

  keys(): readonly Value[] {
    return Array.from(this.#entries.values(), ([key]) => key);
  }
}

function keyOf(key: Value): MapKey | undefined {
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : undefined;
  if (typeof key === 'string' || typeof key === 'boolean' || typeof key === 'bigint') return key;
  return key instanceof Uint ? key.value : undefined;
}

/** An object of JSON, such as claims: a map whose keys are texts. Its numbers are doubles. */
export interface JsonMap {
  readonly [key: string]: Value;
}

/** A value of CEL: a `bigint` is an int, a `number` a double. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | TypeValue
  | MapValue
  | JsonMap
  | readonly Value[];

/** Why an expression has no value for a request. Returned, never thrown: an expression fails as often as callers like. */
export class Failure {
  /** Speaks only of what the document says, never of what the caller sent. */
  readonly message: string;
  /** Where in the expression: an index into its text. */
  readonly at: number;

  constructor(message: string, at: number) {
    this.message = message;
    this.at = at;
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The name that `type(x)` gives. */
export type Kind =
  | 'null_type'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'google.protobuf.Timestamp'
  | 'google.protobuf.Duration'
  | 'type'
  | 'list'
  | 'map';

export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
  }
  if (value === null) return 'null_type';
  if (Array.isArray(value)) return 'list';
  if (value instanceof MapValue) return 'map';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Uint8Array) return 'bytes';
  return value instanceof TypeValue ? 'type' : 'map';
}

/** @returns undefined if the map has no such key */
export function entryOf(map: MapValue | JsonMap, key: Value): Value | undefined {
  if (map instanceof MapValue) return map.get(key);
  return typeof key === 'string' && Object.hasOwn(map, key) ? map[key] : undefined;
}

export function keysOf(map: MapValue | JsonMap): readonly Value[] {
  return map instanceof MapValue ? map.keys() : Object.keys(map);
}

export function sizeOf(map: MapValue | JsonMap): number {
  return map instanceof MapValue ? map.size : Object.keys(map).length;
}

/** The cost of reading a value: an item costs one step, and so do 64 characters of a text. */
export function weightOf(value: Value | undefined): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length >> 6;
  return Array.isArray(value) ? value.length : 0;
}
