import { Uint, entryOf, keysOf, kindOf, sizeOf } from './value.ts';
import type { Duration, JsonMap, MapValue, Timestamp, TypeValue, Value } from './value.ts';

/** The deepest nesting that is compared: callers may nest lists as deeply as they like. */
const DEEPEST_COMPARISON = 64;

/** Whether two values are equal. Numbers of different types are compared by value. Undefined: nested too deeply. */
export function areEqual(one: Value, other: Value, depth = 0): boolean | undefined {
  if (one === other) return true;
  const [a, b] = [numberOf(one), numberOf(other)];
  // oxlint-disable-next-line eqeqeq -- of a bigint and a number, which are compared exactly
  if (a !== undefined && b !== undefined) return a == b;
  const kind = kindOf(one);
  if (kind !== kindOf(other)) return false;
  switch (kind) {
    case 'list':
    case 'map':
      if (depth >= DEEPEST_COMPARISON) return undefined;
      return kind === 'list'
        ? listsAreEqual(one as readonly Value[], other as readonly Value[], depth + 1)
        : mapsAreEqual(one as MapValue | JsonMap, other as MapValue | JsonMap, depth + 1);
    case 'bytes':
      return Buffer.compare(one as Uint8Array, other as Uint8Array) === 0;
    case 'google.protobuf.Timestamp':
      return (one as Timestamp).nanos === (other as Timestamp).nanos;
    case 'google.protobuf.Duration':
      return (one as Duration).nanos === (other as Duration).nanos;
    case 'type':
      return (one as TypeValue).name === (other as TypeValue).name;
    default:
      return false;
  }
}

function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

function listsAreEqual(one: readonly Value[], other: readonly Value[], depth: number): boolean | undefined {
  if (one.length !== other.length) return false;
  for (const [index, value] of one.entries()) {
    const equal = areEqual(value, other[index] as Value, depth);
    if (equal !== true) return equal;
  }
  return true;
}

function mapsAreEqual(one: MapValue | JsonMap, other: MapValue | JsonMap, depth: number): boolean | undefined {
  if (sizeOf(one) !== sizeOf(other)) return false;
  for (const key of keysOf(one)) {
    const theirs = entryOf(other, key);
    const equal = theirs === undefined ? false : areEqual(entryOf(one, key) as Value, theirs, depth);
    if (equal !== true) return equal;
  }
  return true;
}

/** Whether a list has the value. Undefined: an item is nested too deeply to be compared. */
export function isIn(value: Value, list: readonly Value[]): boolean | undefined {
  let found: boolean | undefined = false;
  for (const item of list) {
    const equal = areEqual(item, value);
    if (equal === true) return true;
    if (equal === undefined) found = undefined;
  }
  return found;
}

/** Negative, 0 or positive; NaN if neither is less. Undefined: values of these types have no order. */
export function compare(one: Value, other: Value): number | undefined {
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : a >= b ? 0 : Number.NaN;
  const kind = kindOf(one);
  if (kind !== kindOf(other)) return undefined;
  switch (kind) {
    case 'string':
      return compareTexts(one as string, other as string);
    case 'bool':
      return Number(one) - Number(other);
    case 'bytes':
      return Buffer.compare(one as Uint8Array, other as Uint8Array);
    case 'google.protobuf.Timestamp':
    case 'google.protobuf.Duration': {
      const [first, second] = [(one as Timestamp).nanos, (other as Timestamp).nanos];
      return first < second ? -1 : first > second ? 1 : 0;
    }
    default:
      return undefined;
  }
}

const SURROGATE = /[\ud800-\udfff]/;

/** Compares by code points. By UTF-16 units a character beyond U+FFFF would come before U+E000. */
function compareTexts(one: string, other: string): number {
  if (SURROGATE.test(one) || SURROGATE.test(other)) return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return one < other ? -1 : one > other ? 1 : 0;
}
