import type { Code, Context, Frame, Of, Run } from './code.ts';
import { childrenOf } from './syntax.ts';
import type { FoldName, Node, NodeOf } from './syntax.ts';
import { fits, aNameOf } from './type.ts';
import type { Type } from './type.ts';
import { Failure, isList, keysOf, kindOf } from './value.ts';
import type { JsonMap, MapValue, Value } from './value.ts';

/** The number of items that an estimate of cost assumes for a list. */
const ASSUMED_ITEMS = 50;

/** Counts nodes, without those inside inner folds: these are counted when the inner fold runs. */
function sizeOf(node: Node): number {
  if (node.kind === 'fold') return 1 + sizeOf(node.range);
  return childrenOf(node).reduce((sum, child) => sum + sizeOf(child), 1);
}

/** @param each the cost of one item */
type Fold = (frame: Frame, list: readonly Value[], slot: number, each: number) => Value | Failure;

/** Checks the budget before each item, since nested lists multiply their costs. */
function isSpent(frame: Frame, each: number): boolean {
  frame.budget -= each;
  return frame.budget < 0;
}

const FOLDS: Readonly<Record<FoldName, (body: Run, filter: Run | undefined, noTruth: Failure) => Fold>> = {
  all: (body, _, noTruth) => settling(body, false, noTruth),
  exists: (body, _, noTruth) => settling(body, true, noTruth),
  exists_one: (body, _, noTruth) => (frame, list, slot, each) => {
    let count = 0;
    for (const item of list) {
      if (isSpent(frame, each)) return noTruth;
      frame.locals[slot] = item;
      const value = body(frame);
      if (typeof value !== 'boolean') return value instanceof Failure ? value : noTruth;
      if (value) count++;
    }
    return count === 1;
  },
  map: (body, filter, noTruth) => (frame, list, slot, each) => {
    const made: Value[] = [];
    for (const item of list) {
      if (isSpent(frame, each)) return noTruth;
      frame.locals[slot] = item;
      const isTaken = filter === undefined || filter(frame);
      if (typeof isTaken !== 'boolean') return isTaken instanceof Failure ? isTaken : noTruth;
      if (!isTaken) continue;
      const value = body(frame);
      if (value instanceof Failure) return value;
      made.push(value);
    }
    return made;
  },
  filter: (body, _, noTruth) => (frame, list, slot, each) => {
    const taken: Value[] = [];
    for (const item of list) {
      if (isSpent(frame, each)) return noTruth;
      frame.locals[slot] = item;
      const value = body(frame);
      if (typeof value !== 'boolean') return value instanceof Failure ? value : noTruth;
      if (value) taken.push(item);
    }
    return taken;
  },
};

/** Like `&&` and `||`: if one item settles the result, failures of other items do not count. */
function settling(body: Run, settled: boolean, noTruth: Failure): Fold {
  return (frame, list, slot, each) => {
    let failure: Failure | undefined;
    for (const item of list) {
      if (isSpent(frame, each)) return noTruth;
      frame.locals[slot] = item;
      const value = body(frame);
      if (value === settled) return settled;
      if (value !== !settled) failure ??= value instanceof Failure ? value : noTruth;
    }
    return failure ?? !settled;
  };
}

/** `all`, `exists`, `exists_one`, `map` and `filter`: over the items of a list, or the keys of a map. */
export function compileFold(node: NodeOf<'fold'>, context: Context, of: Of): Code {
  const { name, at, variable } = node;
  const range = of(node.range);
  if (typeof range.type === 'string' && range.type !== 'dyn') {
    context.fault(`${name} goes through a list or a map, not through ${aNameOf(range.type)}`, at);
  }
  const slot = context.locals.length;
  const inner: Context = { ...context, locals: [...context.locals, { name: variable, type: itemType(range.type) }] };
  const filter = node.filter === undefined ? undefined : of(node.filter, inner);
  const body = of(node.body, inner);
  const condition = name === 'map' ? filter : body;
  if (condition !== undefined && !fits(condition.type, 'bool')) {
    context.fault(`${name} needs a truth value, not ${aNameOf(condition.type)}`, (node.filter ?? node.body).at);
  }
  const { constant } = range;
  const items = constant !== undefined && isList(constant) ? constant.length : ASSUMED_ITEMS;
  const each = 2 + sizeOf(node.body) + (node.filter === undefined ? 0 : sizeOf(node.filter));
  const estimated = 2 + body.cost + (filter?.cost ?? 0);
  const fold = FOLDS[name](body.run, filter?.run, new Failure(`${name} has no truth value for an item`, at));
  const noList = new Failure(`${name} goes through something that is neither a list nor a map`, at);
  return {
    type: name === 'map' ? { list: body.type } : name === 'filter' ? { list: itemType(range.type) } : 'bool',
    cost: range.cost + items * estimated,
    run(frame) {
      const whole = range.run(frame);
      if (whole instanceof Failure) return whole;
      const list = isList(whole) ? whole : kindOf(whole) === 'map' ? keysOf(whole as MapValue | JsonMap) : undefined;
      return list === undefined ? noList : fold(frame, list, slot, each);
    },
  };
}

function itemType(range: Type): Type {
  if (typeof range === 'string') return 'dyn';
  return 'list' in range ? range.list : range.keys;
}
