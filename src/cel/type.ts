import type { Value } from './value.ts';
import { isList, kindOf } from './value.ts';

/** The type of a value, as far as it is known at load. `dyn`: unknown. */
export type Type =
  | 'dyn'
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
  | { readonly list: Type }
  | { readonly map: Type; readonly keys: Type };

export const ANY_LIST: Type = { list: 'dyn' };
export const ANY_MAP: Type = { map: 'dyn', keys: 'dyn' };
export const TIMESTAMP: Type = 'google.protobuf.Timestamp';
export const DURATION: Type = 'google.protobuf.Duration';

const NUMBERS: ReadonlySet<unknown> = new Set(['int', 'uint', 'double']);

export function isNumber(type: Type): boolean {
  return NUMBERS.has(type);
}

/** For messages to people. */
export function nameOf(type: Type): string {
  if (typeof type === 'string') return type.replace('google.protobuf.', '').toLowerCase();
  return 'list' in type ? 'list' : 'map';
}

/** The same with its article: `a string`, `an int`. */
export function aNameOf(type: Type): string {
  const name = nameOf(type);
  return `${name === 'int' ? 'an' : 'a'} ${name}`;
}

/** Whether a value of the one type can be one of the other. */
export function fits(type: Type, wanted: Type): boolean {
  if (type === 'dyn' || wanted === 'dyn' || type === wanted) return true;
  if (typeof type === 'string' || typeof wanted === 'string') return false;
  if ('list' in type) return 'list' in wanted && fits(type.list, wanted.list);
  return 'map' in wanted && fits(type.map, wanted.map) && fits(type.keys, wanted.keys);
}

/** Whether no check is left for run time. Of a list or a map, only that it is one is checked, not its content. */
export function isCertain(type: Type, wanted: Type): boolean {
  if (wanted === 'dyn') return true;
  return type !== 'dyn' && fits(type, wanted);
}

export function isOf(value: Value, type: Type): boolean {
  if (type === 'dyn') return true;
  if (typeof type === 'string') return kindOf(value) === type;
  return 'list' in type ? isList(value) : kindOf(value) === 'map';
}

/** A type that has the values of both types. */
export function common(one: Type, other: Type): Type {
  if (typeof one === 'string' || typeof other === 'string') return one === other ? one : 'dyn';
  if ('list' in one) return 'list' in other ? { list: common(one.list, other.list) } : 'dyn';
  return 'map' in other ? { map: common(one.map, other.map), keys: common(one.keys, other.keys) } : 'dyn';
}

export function typeOfConstant(value: Value): Type {
  const kind = kindOf(value);
  if (kind === 'list') return ANY_LIST;
  return kind === 'map' ? ANY_MAP : kind;
}
