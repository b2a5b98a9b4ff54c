import { compileCall } from './calls.ts';
import type { Code, Context, Read, Variables } from './code.ts';
import { compileFold } from './folds.ts';
import { compileConditional, compileEquality, compileIn, compileList, compileMap, compileTerms } from './logic.ts';
import { parse } from './parse.ts';
import { compileHas, compileIndex, compileName, compileSelect } from './selections.ts';
import { CelFault } from './syntax.ts';
import type { Node } from './syntax.ts';
import type { Type } from './type.ts';
import { typeOfConstant } from './type.ts';
import { Failure } from './value.ts';
import type { Value } from './value.ts';

/** The highest cost of an expression, estimated with 50 items in each list; 1 is some 20 ns. */
const MOST_ESTIMATED = 50_000;
/** The highest cost of one evaluation, for any request: some 2 ms, or 30 ms if all of it is RE2 in its worst case. */
const MOST_SPENT = 100_000;

/** What may still be spent; 1 is some 20 ns. */
export interface Spending {
  left: number;
}

export function newSpending(): Spending {
  return { left: MOST_SPENT };
}

/** A compiled expression. It can be evaluated for any number of inputs. */
export interface Program<Input> {
  readonly source: string;
  readonly type: Type;
  /** What it reads, in the order of the text. */
  readonly reads: readonly Read[];
  /** @param spending a budget that several evaluations share. Absent: the budget of one evaluation */
  evaluate(input: Input, spending?: Spending): Value | Failure;
}

/**
 * Compiles an expression of CEL to closures.
 * @throws CelFault that says where in the expression what is wrong
 */
export function compile<Input>(source: string, variables: Variables<Input>): Program<Input> {
  const reads: Read[] = [];
  const root: Context = {
    source,
    variables,
    locals: [],
    reads: (read) => void reads.push(read),
    fault: (message, at) => {
      throw new CelFault(message, at, source);
    },
  };
  const node = parse(source);
  const { type, run, cost } = compileNode(node, root);
  if (cost > MOST_ESTIMATED) {
    root.fault('the expression could cost too much: it has lists within lists to go through, or is too long', node.at);
  }
  const spent = new Failure('the expression costs too much for this request', node.at);
  return {
    source,
    type,
    reads,
    evaluate(input, spending) {
      const frame = { input, locals: [], budget: spending?.left ?? MOST_SPENT };
      const value = run(frame);
      if (spending !== undefined) spending.left = frame.budget;
      return frame.budget < 0 ? spent : value;
    },
  };
}

export function compileNode(node: Node, context: Context): Code {
  const of = (inner: Node, within = context): Code => compileNode(inner, within);
  switch (node.kind) {
    case 'constant':
      return constant(node.value);
    case 'name':
      return compileName(node, context);
    case 'select':
      return compileSelect(node, context, of);
    case 'has':
      return compileHas(node, context, of);
    case 'index':
      return compileIndex(node, context, of);
    case 'and':
    case 'or':
      return compileTerms(node, context, of);
    case 'conditional':
      return compileConditional(node, context, of);
    case 'list':
      return compileList(node, of);
    case 'map':
      return compileMap(node, context, of);
    case 'fold':
      return compileFold(node, context, of);
    default:
      if (node.name === '_==_' || node.name === '_!=_') return compileEquality(node, context, of);
      return node.name === '@in' ? compileIn(node, context, of) : compileCall(node, context, of);
  }
}

function constant(value: Value): Code {
  return { type: typeOfConstant(value), run: () => value, cost: 1, constant: value };
}
