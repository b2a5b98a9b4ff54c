import type { Value } from './value.ts';

interface Placed {
  /** The place that faults name: an index into the text of the expression. */
  readonly at: number;
  /** The depth of the tree below it; 1 for a node without inner nodes. */
  readonly depth: number;
}

/** The macros that go through a list, or through the keys of a map. */
export type FoldName = 'all' | 'exists' | 'exists_one' | 'map' | 'filter';

type Junction = 'and' | 'or';

/** A parsed expression. A chain of `&&` or of `||` is one node. */
export type Node = Placed &
  (
    | { readonly kind: 'constant'; readonly value: Value }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'select'; readonly operand: Node; readonly field: string }
    | { readonly kind: 'has'; readonly operand: Node; readonly field: string }
    | { readonly kind: 'index'; readonly operand: Node; readonly index: Node }
    | {
        readonly kind: 'call';
        readonly name: string;
        readonly target: Node | undefined;
        readonly args: readonly Node[];
      }
    | { readonly kind: Junction; readonly terms: readonly Node[] }
    | { readonly kind: 'conditional'; readonly condition: Node; readonly chosen: Node; readonly otherwise: Node }
    | { readonly kind: 'list'; readonly items: readonly Node[] }
    | { readonly kind: 'map'; readonly entries: readonly (readonly [key: Node, value: Node])[] }
    | {
        readonly kind: 'fold';
        readonly name: FoldName;
        readonly range: Node;
        readonly variable: string;
        /** Of `map` with three arguments. */
        readonly filter: Node | undefined;
        readonly body: Node;
      }
  );

/** The nodes that are nested in one. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'constant':
    case 'name':
      return [];
    case 'select':
    case 'has':
      return [node.operand];
    case 'index':
      return [node.operand, node.index];
    case 'call':
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case 'and':
    case 'or':
      return node.terms;
    case 'conditional':
      return [node.condition, node.chosen, node.otherwise];
    case 'list':
      return node.items;
    case 'map':
      return node.entries.flat();
    default:
      return [node.range, node.body, ...(node.filter === undefined ? [] : [node.filter])];
  }
}

/** A fault of an expression, found when it is compiled. */
export class CelFault extends TypeError {
  override name = 'CelFault';

  /** @param at an index into `source` */
  constructor(message: string, at: number, source: string) {
    super(`the expression at ${placeOf(at, source)}: ${message}`);
  }
}

/** `line:column` in the expression, both from 1. */
export function placeOf(at: number, source: string): string {
  const before = source.slice(0, at).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

/** The nodes of one kind. */
export type NodeOf<K extends Node['kind']> = Extract<Node, { readonly kind: K }>;
