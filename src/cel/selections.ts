import { didYouMean } from '../nearest.ts';
import type { Code, Context, Field, Frame, Of, Structure } from './code.ts';
import type { Node, NodeOf } from './syntax.ts';
import { isNumber, aNameOf } from './type.ts';
import type { Type } from './type.ts';
import { Failure, entryOf, isList, kindOf, weightOf } from './value.ts';
import type { JsonMap, MapValue, Value } from './value.ts';
import { FUNCTIONS, TYPE_NAMES } from './functions.ts';

/** A variable or one of its fields, resolved at load. */
interface Place {
  readonly variable: string;
  readonly field?: string;
  readonly value: Field;
}

export function compileName({ name, at }: NodeOf<'name'>, context: Context): Code {
  const slot = context.locals.findLastIndex((local) => local.name === name);
  if (slot >= 0) {
    return { type: (context.locals[slot] as { type: Type }).type, run: ({ locals }) => locals[slot] as Value, cost: 1 };
  }
  const type = TYPE_NAMES.get(name);
  if (type !== undefined) return { type: 'type', run: () => type, cost: 1, constant: type };
  const variable = variableNamed(name, at, context);
  if ('fields' in variable) {
    const fields = Object.keys(variable.fields).join(', ');
    return context.fault(`${name} is not a value by itself: write ${name}. and one of ${fields}`, at);
  }
  context.reads({ variable: name });
  return read({ variable: name, value: variable }, at);
}

export function compileSelect(node: NodeOf<'select'>, context: Context, of: Of): Code {
  const place = placeOf(node, context);
  if (place !== undefined) {
    context.reads({ variable: place.variable, ...(place.field !== undefined && { field: place.field }) });
    return read(place, node.at);
  }
  const map = placeOf(node.operand, context);
  const entry = map === undefined ? undefined : compileEntry(map, node.field, node.at, context);
  if (entry !== undefined) return entry;
  const operand = of(node.operand);
  return selected(operand, node.field, node.at, context);
}

/** True if the operand exists and has the field. */
export function compileHas(node: NodeOf<'has'>, context: Context, of: Of): Code {
  const { operand, field, at } = node;
  const place = placeOf({ ...node, kind: 'select' }, context);
  if (place !== undefined) {
    context.reads({ variable: place.variable, ...(place.field !== undefined && { field: place.field }) });
    const get = getterOf(place.value);
    return { type: 'bool', run: ({ input }) => get(input) !== undefined, cost: 2 };
  }
  const map = placeOf(operand, context);
  const get = map === undefined ? undefined : entryGetter(map, field, at, context);
  if (get !== undefined) return { type: 'bool', run: ({ input }) => get(input) !== undefined, cost: 3 };
  const { run, type, cost } = of(operand);
  requireMap(type, at, context);
  const noMap = new Failure('has looks into something that is not a map', at);
  return {
    type: 'bool',
    cost: cost + 2,
    run(frame) {
      const value = run(frame);
      if (value instanceof Failure) return value;
      return kindOf(value) === 'map' ? entryOf(value as MapValue | JsonMap, field) !== undefined : noMap;
    },
  };
}

/** For `has` of a map's entry whose key is known at load. Undefined for any other operand. */
export function compileEntryTest(key: Code, operand: Node, at: number, context: Context): Code | undefined {
  const map = typeof key.constant === 'string' ? placeOf(operand, context) : undefined;
  if (map === undefined || typeof key.constant !== 'string') return undefined;
  const get = entryGetter(map, key.constant, at, context);
  return get && { type: 'bool', run: ({ input }) => get(input) !== undefined, cost: 3 };
}

export function compileIndex(node: NodeOf<'index'>, context: Context, of: Of): Code {
  const index = of(node.index);
  const map = placeOf(node.operand, context);
  if (map !== undefined && typeof index.constant === 'string') {
    const entry = compileEntry(map, index.constant, node.at, context);
    if (entry !== undefined) return entry;
  }
  const operand = of(node.operand);
  const { type } = operand;
  if (typeof type === 'string' && type !== 'dyn') {
    return context.fault(`${aNameOf(type)} has no entries: [ ] is for lists and maps`, node.at);
  }
  if (typeof type !== 'string' && 'list' in type && index.type !== 'dyn' && !isNumber(index.type)) {
    return context.fault(`a list is indexed by a number, not by ${aNameOf(index.type)}`, node.at);
  }
  const { run } = operand;
  const at = index.run;
  const nothing = new Failure('there is no such entry', node.at);
  return {
    type: typeof type === 'string' ? 'dyn' : 'list' in type ? type.list : type.map,
    cost: operand.cost + index.cost + 3,
    run(frame) {
      const whole = run(frame);
      if (whole instanceof Failure) return whole;
      const key = at(frame);
      if (key instanceof Failure) return key;
      return orElse(part(whole, key), nothing);
    },
  };
}

function part(whole: Value, key: Value): Value | undefined {
  if (isList(whole)) {
    const index = positionOf(key);
    return index === undefined ? undefined : whole[index];
  }
  return kindOf(whole) === 'map' ? entryOf(whole as MapValue | JsonMap, key) : undefined;
}

function positionOf(key: Value): number | undefined {
  const index = typeof key === 'object' && key !== null && 'value' in key ? key.value : key;
  if (typeof index !== 'bigint' && typeof index !== 'number') return undefined;
  const position = Number(index);
  return Number.isInteger(position) && position >= 0 ? position : undefined;
}

/** A field of a map that exists only at run time. */
function selected({ run, type, cost }: Code, field: string, at: number, context: Context): Code {
  requireMap(type, at, context);
  const nothing = new Failure(`there is no ${JSON.stringify(field)}`, at);
  return {
    type: typeof type === 'string' || 'list' in type ? 'dyn' : type.map,
    cost: cost + 2,
    run(frame) {
      const value = run(frame);
      if (value instanceof Failure) return value;
      return orElse(kindOf(value) === 'map' ? entryOf(value as MapValue | JsonMap, field) : undefined, nothing);
    },
  };
}

function requireMap(type: Type, at: number, context: Context): void {
  if (type === 'dyn' || (typeof type !== 'string' && 'map' in type)) return;
  context.fault(`${aNameOf(type)} has no fields`, at);
}

/** The variable, or the field of a variable, that a node names. Undefined for any other node. */
function placeOf(node: Node, context: Context): Place | undefined {
  const { locals } = context;
  if (node.kind === 'name') {
    const { name, at } = node;
    if (locals.some((local) => local.name === name) || TYPE_NAMES.has(name)) return undefined;
    const value = variableNamed(name, at, context);
    return 'fields' in value ? undefined : { variable: name, value };
  }
  if (node.kind !== 'select' || node.operand.kind !== 'name') return undefined;
  const { name } = node.operand;
  if (locals.some((local) => local.name === name) || TYPE_NAMES.has(name)) return undefined;
  const variable = variableNamed(name, node.operand.at, context);
  if (!('fields' in variable)) return undefined;
  const value = Object.hasOwn(variable.fields, node.field) ? variable.fields[node.field] : undefined;
  if (value !== undefined) return { variable: name, field: node.field, value };
  const fields = Object.keys(variable.fields);
  const meant = didYouMean(node.field, fields);
  return context.fault(
    `${name} has no field ${JSON.stringify(node.field)}${meant === '' ? ` (it has ${fields.join(', ')})` : meant}`,
    node.at,
  );
}

function variableNamed(name: string, at: number, context: Context): Field | Structure {
  const { variables } = context;
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (variable !== undefined) return variable;
  if (FUNCTIONS.has(name) || name === 'has') return context.fault(`${name} is a function: write ${name}(…)`, at);
  const names = Object.keys(variables);
  const meant = didYouMean(name, names);
  const remedy = meant === '' ? ` (there are ${names.join(', ')}); a text stands in quotes` : meant;
  return context.fault(`there is no variable ${JSON.stringify(name)}${remedy}`, at);
}

function getterOf({ get }: Field): (input: unknown) => Value | undefined {
  return get as (input: unknown) => Value | undefined;
}

function read({ variable, field, value }: Place, at: number): Code {
  const get = getterOf(value);
  const nothing = new Failure(`there is no ${field === undefined ? variable : `${variable}.${field}`}`, at);
  return { type: value.type, cost: 2, run: (frame) => taken(frame, get(frame.input), nothing) };
}

function compileEntry(map: Place, key: string, at: number, context: Context): Code | undefined {
  const get = entryGetter(map, key, at, context);
  if (get === undefined) return undefined;
  const nothing = new Failure(`there is no ${JSON.stringify(key)} in ${placeName(map)}`, at);
  const { type } = map.value;
  return {
    type: typeof type === 'string' || 'list' in type ? 'dyn' : type.map,
    cost: 3,
    run: (frame) => taken(frame, get(frame.input), nothing),
  };
}

function entryGetter(
  map: Place,
  key: string,
  at: number,
  context: Context,
): ((input: unknown) => Value | undefined) | undefined {
  const prepare = map.value.entry;
  if (prepare === undefined) return undefined;
  context.reads({ variable: map.variable, ...(map.field !== undefined && { field: map.field }), key });
  try {
    return prepare(key) as (input: unknown) => Value | undefined;
  } catch (error) {
    return context.fault(`${placeName(map)}: ${(error as Error).message}`, at);
  }
}

/** Bytes are converted to a text at every reading. */
function taken(frame: Frame, value: Value | undefined, nothing: Failure): Value | Failure {
  if (typeof value === 'string' && value.length > 64) frame.budget -= weightOf(value);
  return orElse(value, nothing);
}

/** Null is a value: a claim may have it. */
function orElse(value: Value | undefined, nothing: Failure): Value | Failure {
  return value === undefined ? nothing : value;
}

function placeName({ variable, field }: Place): string {
  return field === undefined ? variable : `${variable}.${field}`;
}
