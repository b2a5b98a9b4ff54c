import type { PolicyKind } from '../policy/policy.ts';
import { redact, resolveVariables, withScalar } from './environment.ts';
import type { Lookups, Substitution, Variables } from './environment.ts';
import { parseWith } from './issues.ts';
import type { Issue } from './issues.ts';
import { fitUnknown } from './unknown-values.ts';

export interface PolicyOptions {
  /** As the kind's own schema makes them. */
  readonly options: unknown;
  /** With variables replaced, as written else. */
  readonly resolved: unknown;
  readonly substitutions: readonly Substitution[];
}

/** Options that can't be used: without issues where they depend on what is not known here. */
export interface UnfitOptions {
  readonly issues: readonly Issue[];
  readonly substitutions: readonly Substitution[];
}

/** Reads the `config` of a policy by its kind's own schema; paths of issues begin below `config`. */
export function readPolicyOptions(
  kind: PolicyKind,
  config: unknown,
  variables: Variables,
  lookups: Lookups = {},
): PolicyOptions | UnfitOptions {
  const { value, substitutions, issues } = resolveVariables(config, variables, lookups);
  const all = [...issues, ...insideExpressions(kind, substitutions)];
  if (all.length > 0) return { issues: all, substitutions };
  const first = parseWith(kind.options, value);
  if ('value' in first) return { options: first.value, resolved: value, substitutions };
  // Variables are text; if the schema expects a number or a boolean, the text is converted.
  let typed = value;
  for (const substitution of substitutions) {
    if (first.issues.some((issue) => samePath(issue.path, substitution.path))) {
      typed = withScalar(typed, substitution) ?? typed;
    }
  }
  const second = typed === value ? first : parseWith(kind.options, typed);
  if ('value' in second) return { options: second.value, resolved: typed, substitutions };
  const unknown = substitutions.filter(({ isUnknown }) => isUnknown);
  const fitted = unknown.length === 0 ? second : fitUnknown(kind, typed, unknown);
  if ('options' in fitted) return { ...fitted, substitutions };
  return {
    issues: fitted.issues.map(({ path, at, message }) => ({ path, at, message: redact(message, substitutions) })),
    substitutions,
  };
}

const TOLD =
  'has a variable in an expression of CEL, which logs and metadata tell where it fails, and whose meaning a quote in the variable would change: write the value itself; a secret stands in no expression';

/** Variables may be secrets, and callers make expressions fail as they like. */
function insideExpressions(
  { conditionFields = [] }: PolicyKind,
  substitutions: readonly Substitution[],
): readonly Issue[] {
  return substitutions.flatMap(({ path }): readonly Issue[] => {
    const field = path.at(-1);
    const isExpression = field === 'cel' || (typeof field === 'string' && conditionFields.includes(field));
    return isExpression ? [{ path, at: 'value', message: TOLD }] : [];
  });
}

function samePath(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
