import type { Code, Context, Frame, Of, Run } from './code.ts';
import { areEqual, isIn } from './equality.ts';
import { compileEntryTest } from './selections.ts';
import type { Node, NodeOf } from './syntax.ts';
import { common, fits, isNumber, aNameOf } from './type.ts';
import type { Type } from './type.ts';
import { Failure, MapValue, entryOf, isList, kindOf } from './value.ts';
import type { JsonMap, Value } from './value.ts';

const KEYS: ReadonlySet<unknown> = new Set(['string', 'bool', 'int', 'uint', 'double']);

/** `&&` is false if any term is false, `||` is true if any term is true, even if another term fails. */
export function compileTerms({ kind, terms: nodes, at }: NodeOf<'and' | 'or'>, context: Context, of: Of): Code {
  const settled = kind === 'or';
  const terms = nodes.map((node) => {
    const term = of(node);
    requireBool(term.type, node.at, context);
    return term;
  });
  const runs = terms.map(({ run }) => run);
  const cost = terms.reduce((sum, term) => sum + term.cost, 1);
  const noTruth = new Failure('a side of && or || is not a truth value', at);
  return {
    type: 'bool',
    cost,
    run(frame) {
      let failure: Failure | undefined;
      for (const run of runs) {
        const value = run(frame);
        if (value === settled) return settled;
        if (value !== !settled) failure ??= value instanceof Failure ? value : noTruth;
      }
      return failure ?? !settled;
    },
  };
}

function requireBool(type: Type, at: number, context: Context): void {
  if (!fits(type, 'bool')) context.fault(`a truth value is needed here, not ${aNameOf(type)}`, at);
}

export function compileConditional(node: NodeOf<'conditional'>, context: Context, of: Of): Code {
  const condition = of(node.condition);
  requireBool(condition.type, node.condition.at, context);
  const [chosen, otherwise] = [of(node.chosen), of(node.otherwise)];
  const noTruth = new Failure('what stands before ? is not a truth value', node.at);
  return {
    type: common(chosen.type, otherwise.type),
    cost: condition.cost + Math.max(chosen.cost, otherwise.cost) + 1,
    run(frame) {
      const value = condition.run(frame);
      if (value === true) return chosen.run(frame);
      if (value === false) return otherwise.run(frame);
      return value instanceof Failure ? value : noTruth;
    },
  };
}

export function compileEquality(node: NodeOf<'call'>, context: Context, of: Of): Code {
  const [left, right] = node.args.map((arg) => of(arg)) as [Code, Code];
  const isNot = node.name === '_!=_';
  if (!canBeEqual(left.type, right.type)) {
    const [one, other] = [aNameOf(left.type), aNameOf(right.type)];
    context.fault(`${one} never equals ${other}: convert one of them, as in string(…) or int(…)`, node.at);
  }
  const cost = left.cost + right.cost + 3;
  const text = typeof right.constant === 'string' ? right : typeof left.constant === 'string' ? left : undefined;
  if (text !== undefined) {
    const { run } = text === right ? left : right;
    return { type: 'bool', cost, run: equalsText(run, text.constant as string, isNot) };
  }
  const tooDeep = new Failure('the values are nested too deeply to be compared', node.at);
  const [a, b] = [left.run, right.run];
  return {
    type: 'bool',
    cost,
    run(frame) {
      const one = a(frame);
      if (one instanceof Failure) return one;
      const other = b(frame);
      if (other instanceof Failure) return other;
      spend(frame, one);
      const equal = areEqual(one, other);
      return equal === undefined ? tooDeep : equal !== isNot;
    },
  };
}

function equalsText(run: Run, text: string, isNot: boolean): Run {
  return (frame) => {
    const value = run(frame);
    if (value instanceof Failure) return value;
    return (value === text) !== isNot;
  };
}

/** Lists and maps are compared item by item. */
function spend(frame: Frame, value: Value): void {
  if (isList(value)) frame.budget -= value.length;
}

function canBeEqual(one: Type, other: Type): boolean {
  if (one === 'null_type' || other === 'null_type') return true;
  return fits(one, other) || (isNumber(one) && isNumber(other)) || (isWhole(one) && isWhole(other));
}

/** What a list or a map contains is checked at run time. */
function isWhole(type: Type): boolean {
  return typeof type !== 'string';
}

export function compileIn(node: NodeOf<'call'>, context: Context, of: Of): Code {
  const [wanted, whole] = node.args as [Node, Node];
  const left = of(wanted);
  const entry = compileEntryTest(left, whole, wanted.at, context);
  if (entry !== undefined) return entry;
  const right = of(whole);
  const { type } = right;
  if (typeof type === 'string' && type !== 'dyn') {
    context.fault(`in looks into a list or a map, not into ${aNameOf(type)}`, node.at);
  }
  const cost = left.cost + right.cost + 3;
  const { constant } = right;
  if (constant !== undefined && isList(constant) && constant.every((item) => typeof item === 'string')) {
    return { type: 'bool', cost, run: isOneOf(left.run, new Set<Value>(constant)) };
  }
  const [a, b] = [left.run, right.run];
  const noList = new Failure(
    'in looks into something that is neither a list nor a map, or for what cannot be a key of one',
    node.at,
  );
  const tooDeep = new Failure('the values are nested too deeply to be compared', node.at);
  return {
    type: 'bool',
    cost,
    run(frame) {
      const value = a(frame);
      if (value instanceof Failure) return value;
      const looked = b(frame);
      if (looked instanceof Failure) return looked;
      if (isList(looked)) {
        frame.budget -= looked.length;
        return isIn(value, looked) ?? tooDeep;
      }
      return kindOf(looked) === 'map' && canBeKey(value)
        ? entryOf(looked as MapValue | JsonMap, value) !== undefined
        : noList;
    },
  };
}

function canBeKey(value: Value): boolean {
  return KEYS.has(kindOf(value));
}

function isOneOf(run: Run, items: ReadonlySet<Value>): Run {
  return (frame) => {
    const value = run(frame);
    return value instanceof Failure ? value : items.has(value);
  };
}

export function compileList({ items }: NodeOf<'list'>, of: Of): Code {
  const codes = items.map((item) => of(item));
  const types = codes.map(({ type }) => type);
  const type: Type = { list: types.length === 0 ? 'dyn' : types.reduce(common) };
  const cost = codes.reduce((sum, code) => sum + code.cost, 1);
  const constants = codes.flatMap(({ constant }) => (constant === undefined ? [] : [constant]));
  if (constants.length === codes.length) return { type, cost, run: () => constants, constant: constants };
  return {
    type,
    cost,
    run(frame) {
      const list: Value[] = [];
      for (const { run } of codes) {
        const value = run(frame);
        if (value instanceof Failure) return value;
        list.push(value);
      }
      return list;
    },
  };
}

export function compileMap({ entries, at }: NodeOf<'map'>, context: Context, of: Of): Code {
  const codes = entries.map(([key, value]) => {
    const code = of(key);
    const isKey = ['string', 'bool', 'int', 'uint', 'dyn'].some((type) => code.type === type);
    if (!isKey) context.fault(`${aNameOf(code.type)} can't be the key of a map`, key.at);
    return [code, of(value)] as const;
  });
  const types = codes.map(([, value]) => value.type);
  const keyTypes = codes.map(([key]) => key.type);
  const conflict = new Failure('a key of the map is there twice, or can be none', at);
  return {
    type: {
      map: types.length === 0 ? 'dyn' : types.reduce(common),
      keys: keyTypes.length === 0 ? 'dyn' : keyTypes.reduce(common),
    },
    cost: codes.reduce((sum, [key, value]) => sum + key.cost + value.cost + 2, 1),
    run(frame) {
      const map = new MapValue();
      for (const [keyCode, valueCode] of codes) {
        const key = keyCode.run(frame);
        if (key instanceof Failure) return key;
        const value = valueCode.run(frame);
        if (value instanceof Failure) return value;
        if (!map.set(key, value)) return conflict;
      }
      return map;
    },
  };
}
