import { didYouMean } from '../nearest.ts';
import type { Code, Context, Frame, Of, Run } from './code.ts';
import { FUNCTIONS, PREPARED, SIGNS } from './functions.ts';
import type { Overload, Prepared } from './overload.ts';
import type { NodeOf } from './syntax.ts';
import { fits, isCertain, isOf, nameOf } from './type.ts';
import type { Type } from './type.ts';
import { Failure, weightOf } from './value.ts';
import type { Value } from './value.ts';

type Call = (...values: Value[]) => Value | undefined;

/** The types of its arguments have been checked already: at load, or by {@link dispatched}. */
function callOf(overload: Overload): Call {
  return overload.call as Call;
}

/** A function, a method or an operator that looks at nothing but its arguments. */
export function compileCall(node: NodeOf<'call'>, context: Context, of: Of): Code {
  const { name, target, args, at } = node;
  const overloads = overloadsOf(node, context);
  const codes = [...(target === undefined ? [] : [target]), ...args].map((arg) => of(arg));
  const types = codes.map(({ type }) => type);
  const fitting = overloads.filter(({ args: wanted }) => areFitting(types, wanted));
  const [first] = fitting;
  if (first === undefined) return context.fault(noOverload(node, overloads, types), at);
  const cost = codes.reduce((sum, code) => sum + code.cost, 3);
  const type = fitting.every((one) => one.result === first.result) ? first.result : 'dyn';
  const constants = codes.map(({ constant }) => constant);
  const prepared = PREPARED.get(name)?.(constants, (message) => context.fault(message, (args.at(-1) ?? node).at));
  const [one, other] = codes.map(({ run }) => run);
  if (prepared !== undefined && one !== undefined) {
    return { type, cost, run: runPrepared(one, types[0] ?? 'dyn', first, prepared, at, name) };
  }
  const only = fitting.length === 1 && first.args.every((wanted, index) => isCertain(types[index] ?? 'dyn', wanted));
  const call = only ? callOf(first) : dispatched(fitting);
  const failure = new Failure(`${SIGNS.get(name) ?? name} has no result for these values`, at);
  if (codes.length === 2 && one !== undefined && other !== undefined) {
    return { type, cost, run: ofTwo(one, other, call, failure) };
  }
  return {
    type,
    cost,
    run(frame) {
      const values: Value[] = [];
      for (const { run } of codes) {
        const value = run(frame);
        if (value instanceof Failure) return value;
        values.push(value);
      }
      return finish(frame, values[0], call(...values), failure);
    },
  };
}

function ofTwo(one: Run, other: Run, call: Call, failure: Failure): Run {
  return (frame) => {
    const first = one(frame);
    if (first instanceof Failure) return first;
    const second = other(frame);
    if (second instanceof Failure) return second;
    return finish(frame, first, call(first, second), failure);
  };
}

function runPrepared(
  run: Run,
  type: Type,
  overload: Overload,
  { call, weigh }: Prepared,
  at: number,
  name: string,
): Run {
  const wanted = overload.args[0] ?? 'dyn';
  const isChecked = isCertain(type, wanted);
  const failure = new Failure(`${name} has no result for this value`, at);
  return (frame) => {
    const value = run(frame);
    if (value instanceof Failure) return value;
    if (!isChecked && !isOf(value, wanted)) return failure;
    frame.budget -= weightOf(value) + (weigh?.(value) ?? 0);
    if (frame.budget < 0) return failure;
    const result = call(value);
    return result === undefined ? failure : result;
  };
}

/** Charges a call by the size of what it read and of what it made. */
function finish(frame: Frame, of: Value | undefined, result: Value | undefined, failure: Failure): Value | Failure {
  if (result === undefined) {
    // It may have been split into thousands of parts before there were too many.
    frame.budget -= 16 * weightOf(of);
    return failure;
  }
  frame.budget -= weightOf(of) + weightOf(result);
  return result;
}

function dispatched(overloads: readonly Overload[]): Call {
  return (...values) => {
    const fitting = overloads.find(({ args }) => args.every((wanted, index) => isOf(values[index] as Value, wanted)));
    return fitting === undefined ? undefined : callOf(fitting)(...values);
  };
}

function areFitting(types: readonly Type[], wanted: readonly Type[]): boolean {
  return types.length === wanted.length && wanted.every((type, index) => fits(types[index] ?? 'dyn', type));
}

function overloadsOf({ name, target, at }: NodeOf<'call'>, context: Context): readonly Overload[] {
  const isMethod = target !== undefined;
  const known = FUNCTIONS.get(name);
  const overloads = known?.filter((overload) => (overload.isMethod ?? false) === isMethod) ?? [];
  if (overloads.length > 0) return overloads;
  if (known !== undefined) {
    return context.fault(
      isMethod ? `${name} is called as ${name}(…)` : `${name} is called on a value, as in x.${name}(…)`,
      at,
    );
  }
  const names = [...FUNCTIONS.keys()].filter((each) => /^\w+$/.test(each));
  return context.fault(`there is no function ${JSON.stringify(name)}${didYouMean(name, names)}`, at);
}

function noOverload({ name, target }: NodeOf<'call'>, overloads: readonly Overload[], types: readonly Type[]): string {
  const said = SIGNS.get(name) ?? name;
  const given = types.map(nameOf).join(', ');
  const wanted = [...new Set(overloads.map(({ args }) => `(${args.map(nameOf).join(', ')})`))].join(', ');
  const on = target === undefined ? '' : ', the first being what it is called on';
  return `${said} is not for (${given}); it takes ${wanted}${on}`;
}
