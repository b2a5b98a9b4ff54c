import type { Read } from '../cel/code.ts';
import { compile, newSpending } from '../cel/compile.ts';
import { aNameOf } from '../cel/type.ts';
import { Failure } from '../cel/value.ts';
import { failureOf, inputOf } from './cel-expression.ts';
import { celVariables } from './cel-variables.ts';
import type { CelInput } from './cel-variables.ts';
import type { ExpressionFailure } from './expression-failure.ts';
import type { Request } from './policy.ts';

/**
 * A condition in CEL. A path that can be read in several ways is evaluated in each of them, and with and without a
 * slash at its end. A HEAD is also evaluated as a GET, because servers answer it like a GET.
 */
export interface Condition {
  /** As the document wrote it. */
  readonly source: string;
  readonly reads: readonly Read[];
  /**
   * Whether it holds in some reading of the request, or in every one. A failure where that is not known: some
   * reading fails and no other settles it. The caller says what becomes of that, and tells it.
   */
  test(request: Request, readings: 'some' | 'every'): boolean | ExpressionFailure;
}

/** @throws TypeError that says where in the expression what is wrong */
export function compileCondition(source: string): Condition {
  const program = compile(source, celVariables);
  const { type, reads } = program;
  if (type !== 'bool' && type !== 'dyn') {
    throw new TypeError(
      `the expression gives ${aNameOf(type)}, and a truth value is needed: compare it with something`,
    );
  }
  const fields = new Set(reads.map(({ variable, field }) => (variable === 'request' ? field : undefined)));
  const readsPath = fields.has('path') || fields.has('relativePath') || fields.has('rawPath');
  const readsMethod = fields.has('method');
  const noTruth = new Failure('the value is neither true nor false', 0);
  return {
    source,
    reads,
    test(request, readings) {
      const isSettledBy = readings === 'some';
      let failure: Failure | undefined;
      // A caller can cause many readings of a request. All of them share the budget of one.
      const spending = newSpending();
      const inputs = readsPath || readsMethod ? readingsOf(request, readsPath, readsMethod) : undefined;
      for (const input of inputs ?? [inputOf(request, request.identity)]) {
        const value = program.evaluate(input, spending);
        if (value === isSettledBy) return value;
        if (value !== !isSettledBy) failure ??= value instanceof Failure ? value : noTruth;
      }
      return failure === undefined ? !isSettledBy : failureOf(program, failure);
    },
  };
}

/** Whether a policy with this condition applies. If the condition fails, it does. */
export function mayHold(condition: Condition, request: Request): boolean {
  const truth = condition.test(request, 'some');
  if (typeof truth === 'boolean') return truth;
  request.expressionFailed(truth);
  return true;
}

/** Undefined if the request has only one reading, as almost all have. */
function readingsOf(request: Request, readsPath: boolean, readsMethod: boolean): readonly CelInput[] | undefined {
  const { path, readings } = request.path;
  const isHead = readsMethod && request.check.method.toUpperCase() === 'HEAD';
  const hasOtherPaths = readsPath && (readings !== undefined || (path.length > 1 && path.endsWith('/')));
  if (!isHead && !hasOtherPaths) return undefined;
  const paths = new Set(hasOtherPaths ? [path, ...(readings?.decoded ?? [])].flatMap(withoutSlash) : [path]);
  const made = {};
  const methods = isHead ? ['HEAD', 'GET'] : [undefined];
  return Array.from(paths).flatMap((one) =>
    methods.map((method) => inputOf(request, request.identity, one, method, made)),
  );
}

/** Many servers serve `/admin/` as `/admin`. */
function withoutSlash(path: string): readonly string[] {
  return path.length > 1 && path.endsWith('/') ? [path, path.slice(0, -1)] : [path];
}
