import type { Issue } from './issues.ts';
import { didYouMean } from '../nearest.ts';

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A text that a variable stood for. */
export interface Substitution {
  readonly path: readonly PropertyKey[];
  readonly name: string;
  readonly text: string;
}

export interface Resolved {
  readonly value: unknown;
  readonly substitutions: readonly Substitution[];
  readonly issues: readonly Issue[];
}

const REFERENCE = /^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})$/;

/**
 * Replaces every text that is `$NAME` or `${NAME}` as a whole. A text that begins with `$$` stands
 * for itself without the first `$`; any other that begins with `$` is an issue, so that a misspelt
 * reference is not taken for a secret.
 */
export function resolveVariables(value: unknown, variables: Variables): Resolved {
  const substitutions: Substitution[] = [];
  const issues: Issue[] = [];
  const visit = (part: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(part)) return part.map((item, index) => visit(item, [...path, index]));
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, visit(item, [...path, key])]));
    }
    if (typeof part !== 'string' || !part.startsWith('$')) return part;
    if (part.startsWith('$$')) return part.slice(1);
    const match = REFERENCE.exec(part);
    const name = match?.[1] ?? match?.[2];
    if (name === undefined) {
      const message = 'begins with "$" and is no variable such as $NAME or ${NAME}; a literal "$" is written "$$"';
      issues.push({ path, at: 'value', message });
      return part;
    }
    const text = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (text === undefined) {
      const meant = didYouMean(name, Object.keys(variables));
      const message = `the environment variable ${name} is not set${meant}; for the text itself write "$${part}"`;
      issues.push({ path, at: 'value', message });
      return part;
    }
    substitutions.push({ path, name, text });
    return text;
  };
  return { value: visit(value, []), substitutions, issues };
}

/** A copy with the number or truth value that the text at the path spells; undefined where it spells none. */
export function withScalar(value: unknown, { path, text }: Substitution): unknown {
  if (!/^(?:true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)$/.test(text)) return undefined;
  const replace = (part: unknown, depth: number): unknown => {
    const key = path[depth];
    if (key === undefined) return JSON.parse(text);
    if (Array.isArray(part)) return part.map((item, index) => (index === key ? replace(item, depth + 1) : item));
    const record = part as Readonly<Record<PropertyKey, unknown>>;
    return { ...record, [key]: replace(record[key], depth + 1) };
  };
  return replace(value, 0);
}

/** A message without the values of variables, whatever wrote it: they may be secrets. */
export function redact(message: string, substitutions: readonly Substitution[]): string {
  let redacted = message;
  for (const { name, text } of substitutions) {
    // One or two characters are no secret, and would tear words apart.
    if (text.length > 2) redacted = redacted.replaceAll(text, `$${name}`);
  }
  return redacted;
}
