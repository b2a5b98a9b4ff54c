import { celVariables } from '../policy/cel-variables.ts';
import type { RuleSource } from '../policy/rules.ts';
import type { Issue } from './issues.ts';

// What is valid and yet, in all likelihood, not what its author meant. The documents are in force.

/** `$NAME` behind other text. Of a hash, what stands before the sign is a letter, a digit or another such sign. */
const NAME_INSIDE = /[^$\w]\$[A-Z_][A-Z0-9_]{2,}\b/;

const NO_VARIABLE =
  'has a $NAME inside other text, where it is not a variable: write ${NAME} if the environment variable is meant';

/** The options that take an expression, for which a text without `#[` means itself. */
const EXPRESSIONS: ReadonlySet<PropertyKey> = new Set([
  'by',
  'clientIdExpression',
  'clientSecretExpression',
  'cost',
  'ipExpression',
  'jwtExpression',
  'keySelector',
  'value',
]);

/** @param config as its author wrote it, with its variables' names */
export function likelyMistakes(config: unknown): readonly Issue[] {
  const found: Issue[] = [];
  const visit = (part: unknown, path: readonly PropertyKey[], option: PropertyKey): void => {
    if (Array.isArray(part)) for (const [index, item] of part.entries()) visit(item, [...path, index], option);
    else if (typeof part === 'object' && part !== null) {
      for (const [key, item] of Object.entries(part)) visit(item, [...path, key], key);
    } else if (typeof part === 'string') {
      const message = mistakeIn(part, option);
      if (message !== undefined) found.push({ path, at: 'value', message });
    }
  };
  visit(config, [], '');
  return found;
}

function mistakeIn(text: string, option: PropertyKey): string | undefined {
  // The name is not quoted: it could be part of a secret.
  if (NAME_INSIDE.test(text)) return NO_VARIABLE;
  if (!EXPRESSIONS.has(option) || !looksLikeCel(text)) return undefined;
  return `is this text itself, the same for every request: for what CEL selects write {cel: ${JSON.stringify(text)}}`;
}

/** It is, or begins with, a variable of CEL and a field that the variable has: `claims.team`, not `api.example.com`. */
function looksLikeCel(text: string): boolean {
  const [, root = '', field = ''] = /^([a-z]+)\.([A-Za-z_]\w*)(?![\w-])/.exec(text) ?? [];
  const variable = Object.hasOwn(celVariables, root) ? celVariables[root] : undefined;
  if (variable === undefined) return false;
  return 'fields' in variable ? Object.hasOwn(variable.fields, field) : field !== '';
}

/** Expressions of rules that match other than lists and patterns of other products do: the policy would not apply. */
export function likelyRuleMistakes(
  rules: readonly RuleSource[],
  path: readonly PropertyKey[] = ['rules'],
): readonly Issue[] {
  return rules.flatMap(({ path: ofPath, methods, not = [] }, index) => {
    const found = [...likelyRuleMistakes(not, [...path, index, 'not'])];
    if (ofPath?.endsWith('/*') === true) {
      const stem = ofPath.slice(0, -1);
      const message = `is an expression (RE2), in which * repeats the slash: "${stem}x" does not match; write "${stem}.*"`;
      found.push({ path: [...path, index, 'path'], at: 'value', message });
    }
    if (methods !== undefined && /^[\w\s]*,[\w\s,]*$/.test(methods)) {
      const message = `is an expression (RE2) that no method matches: write "${methods
        .trim()
        .split(/[\s,]+/)
        .join('|')}"`;
      found.push({ path: [...path, index, 'methods'], at: 'value', message });
    }
    return found;
  });
}
