import type { Node } from './syntax.ts';
import type { Type } from './type.ts';
import type { Failure, Value } from './value.ts';

/** One evaluation. */
export interface Frame {
  /** What the variables are read from. */
  readonly input: unknown;
  /** Variables of macros such as `all`: one for each level of nesting. */
  readonly locals: Value[];
  /** What the evaluation may still cost; 1 is some 20 ns. Below 0 it fails. */
  budget: number;
}

export type Run = (frame: Frame) => Value | Failure;

/** A node, compiled. */
export interface Code {
  readonly type: Type;
  readonly run: Run;
  /** The highest cost that can be known at load; 1 is some 20 ns. */
  readonly cost: number;
  /** Set if the value is the same for every request. */
  readonly constant?: Value;
}

/** What of a request's variables an expression reads. */
export interface Read {
  /** Such as `request`. A variable without fields, such as `claims`, has no `field`. */
  readonly variable: string;
  readonly field?: string;
  /** The one entry of a map that is read. Absent: all entries, or one that only the request determines. */
  readonly key?: string;
}

/** A value that expressions read. */
export interface Field<Input = never> {
  readonly type: Type;
  /** Undefined: the request has no such value, so `has` is false and reading it fails. */
  readonly get: (input: Input) => Value | undefined;
  /**
   * For a map: reads one entry, prepared at load.
   * @throws TypeError if no request can ever have that entry
   */
  readonly entry?: (key: string) => (input: Input) => Value | undefined;
}

/** A variable with fields. It is not a value itself. */
export interface Structure<Input = never> {
  readonly fields: Readonly<Record<string, Field<Input>>>;
}

/** The variables of expressions, by name. */
export type Variables<Input = never> = Readonly<Record<string, Field<Input> | Structure<Input>>>;

/** What the parts of the compiler need of each other. */
export interface Context {
  readonly source: string;
  readonly variables: Variables;
  /** Variables of the macros around this node, the innermost last. */
  readonly locals: readonly { readonly name: string; readonly type: Type }[];
  /** Notes what is read. */
  readonly reads: (read: Read) => void;
  /** @throws CelFault */
  readonly fault: (message: string, at: number) => never;
}

/** Compiles what is nested in a node. */
export type Of = (node: Node, within?: Context) => Code;
