import type { Type } from './type.ts';
import type { Value } from './value.ts';

/** A function for arguments of some types. */
export interface Overload {
  /** For a method, the first one is the value that it is called on. */
  readonly args: readonly Type[];
  readonly result: Type;
  readonly isMethod?: boolean;
  /** Undefined: there is no result for these values. */
  readonly call: (...values: never[]) => Value | undefined;
}

/** Overloads by the name of their function; operators are written as `_+_`. */
export type Overloads = Readonly<Record<string, readonly Overload[]>>;

/**
 * A function whose last argument is the same for every request, so its work is done at load.
 * @param constants the constant arguments; undefined for one that only the request determines
 * @returns undefined if there is nothing to prepare
 */
export type Prepare = (
  constants: readonly (Value | undefined)[],
  fault: (message: string) => never,
) => Prepared | undefined;

export interface Prepared {
  readonly call: (value: Value) => Value | undefined;
  /** What a value costs in addition to the cost of every call; 1 is some 20 ns. */
  readonly weigh?: (value: Value) => number;
}
