import { compile } from '../cel/compile.ts';
import type { Program } from '../cel/compile.ts';
import { placeOf } from '../cel/syntax.ts';
import { aNameOf } from '../cel/type.ts';
import { Failure, Uint } from '../cel/value.ts';
import type { Value } from '../cel/value.ts';
import type { Identity } from '../contract/identity.ts';
import { celVariables } from './cel-variables.ts';
import type { CelInput } from './cel-variables.ts';
import type { ExpressionFailure } from './expression-failure.ts';
import type { Request } from './policy.ts';
import { headersAmong } from './selection.ts';
import type { Selection } from './selection.ts';

const SCALARS: ReadonlySet<unknown> = new Set(['string', 'int', 'uint', 'double', 'bool', 'dyn']);

/**
 * A value by CEL: a text, a number or a truth value. Where the expression fails, nothing is selected.
 * @throws TypeError that says where in the expression what is wrong
 */
export function compileCelSelection(source: string): Selection {
  const program = compile(source, celVariables);
  if (!SCALARS.has(program.type)) {
    throw new TypeError(
      `the expression gives ${aNameOf(program.type)}, and a text, a number or a truth value is needed`,
    );
  }
  const { reads } = program;
  const headerName = /^\s*request\.headers\s*(?:\[\s*(?:'[^'\\]*'|"[^"\\]*")\s*\]|\.\w+)\s*$/.test(source)
    ? headersAmong(reads)[0]
    : undefined;
  return {
    source,
    reads,
    headerName,
    fromQuery:
      headerName === undefined && reads.some(({ variable, field }) => variable === 'request' && field !== 'address'),
    fromClaims: reads.some(({ variable }) => variable === 'claims'),
    select(request, identity = request.identity) {
      const value = evaluate(program, inputOf(request, identity));
      return value === undefined ? undefined : textOf(value);
    },
  };
}

/** Reports a failure. @returns undefined if the expression fails */
function evaluate(program: Program<CelInput>, input: CelInput): Value | undefined {
  const value = program.evaluate(input);
  if (!(value instanceof Failure)) return value;
  input.request.expressionFailed(failureOf(program, value));
  return undefined;
}

export function failureOf({ source }: Program<CelInput>, { message, at }: Failure): ExpressionFailure {
  return { expression: source, message: `at ${placeOf(at, source)}: ${message}` };
}

/** @param path one reading of the path, decoded and resolved */
export function inputOf(
  request: Request,
  identity: Identity,
  path: string = request.path.path,
  method: string = request.check.method.toUpperCase(),
  made: CelInput['made'] = {},
): CelInput {
  return { request, identity, path, method, made };
}

/** @returns undefined for a value that has no text, such as a list */
function textOf(value: Value): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      // A double loses digits of an integer beyond 2^53 − 1: two subjects could look the same.
      return Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : undefined;
    default:
      return value instanceof Uint ? String(value.value) : undefined;
  }
}
