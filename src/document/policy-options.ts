import type { PolicyKind } from '../policy/policy.ts';
import { redact, resolveVariables, withScalar } from './environment.ts';
import type { Substitution, Variables } from './environment.ts';
import { parseWith } from './issues.ts';
import type { Issue } from './issues.ts';

export interface PolicyOptions {
  /** As the kind's own schema makes them. */
  readonly options: unknown;
  /** With variables replaced, as written else. */
  readonly resolved: unknown;
  readonly substitutions: readonly Substitution[];
}

/** Reads the `config` of a policy by its kind's own schema; paths of issues begin below `config`. */
export function readPolicyOptions(
  kind: PolicyKind,
  config: unknown,
  variables: Variables,
): PolicyOptions | { readonly issues: readonly Issue[] } {
  const { value, substitutions, issues } = resolveVariables(config, variables);
  if (issues.length > 0) return { issues };
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
  return {
    issues: second.issues.map(({ path, at, message }) => ({ path, at, message: redact(message, substitutions) })),
  };
}

function samePath(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
