import type { Issue } from './issues.ts';
import { didYouMean } from '../nearest.ts';

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A place where a variable was replaced: in a text, or as the whole of it. */
export interface Substitution {
  readonly path: readonly PropertyKey[];
  readonly name: string;
  /** The value of the variable. */
  readonly text: string;
  /** The text that contains the value. */
  readonly whole: string;
}

export interface Resolved {
  readonly value: unknown;
  readonly substitutions: readonly Substitution[];
  readonly issues: readonly Issue[];
}

/** `$NAME` as the whole of a text. */
const WHOLE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/;
/** `${NAME}` anywhere, and its escaped form. */
const INSIDE = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
/** A first `$` that is neither escaped nor that of `${NAME}`. */
const STRAY = /^\$(?!\$|\{[A-Za-z_][A-Za-z0-9_]*\})/;
/** `$$` at the beginning, but that of an escaped `${NAME}`. */
const ESCAPED_FIRST = /^\$(?=\$)(?!\$+\{[A-Za-z_][A-Za-z0-9_]*\})/;

/**
 * Replaces `$NAME` if it is the whole text, and `${NAME}` anywhere in a text; `$${NAME}` is the text `${NAME}`. A
 * text that begins with `$$` is taken literally, without the first `$`. Any other text that begins with `$` is an
 * issue, so that a misspelt reference is not taken for a secret. Any other `$` is literal.
 */
export function resolveVariables(value: unknown, variables: Variables): Resolved {
  const substitutions: Substitution[] = [];
  const issues: Issue[] = [];
  const visit = (part: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(part)) return part.map((item, index) => visit(item, [...path, index]));
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, visit(item, [...path, key])]));
    }
    if (typeof part !== 'string' || !part.includes('$')) return part;
    const { text, used, problems } = resolveText(part, variables);
    issues.push(...problems.map((message): Issue => ({ path, at: 'value', message })));
    for (const { name, text: own } of used) substitutions.push({ path, name, text: own, whole: text });
    return text;
  };
  return { value: visit(value, []), substitutions, issues };
}

interface ResolvedText {
  readonly text: string;
  readonly used: readonly Pick<Substitution, 'name' | 'text'>[];
  readonly problems: readonly string[];
}

function resolveText(written: string, variables: Variables): ResolvedText {
  const used: { name: string; text: string }[] = [];
  const problems: string[] = [];
  const valueOf = (name: string, reference: string): string => {
    const text = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (text === undefined) {
      const meant = didYouMean(name, Object.keys(variables));
      problems.push(`the environment variable ${name} is not set${meant}; for the text itself write "$${reference}"`);
      return reference;
    }
    used.push({ name, text });
    return text;
  };
  const whole = WHOLE.exec(written)?.[1];
  if (whole !== undefined) return { text: valueOf(whole, written), used, problems };
  if (STRAY.test(written)) {
    problems.push(
      'begins with "$" and is no variable such as $NAME (the whole text) or ${NAME}; a literal "$" is written "$$" here',
    );
    return { text: written, used, problems };
  }
  const text = written
    .replace(ESCAPED_FIRST, '')
    .replaceAll(INSIDE, (reference, escape: string, name: string) =>
      escape === '$' ? reference.slice(1) : valueOf(name, reference),
    );
  return { text, used, problems };
}

/** A copy with the number or truth value that the text at the path represents; undefined if it represents none. */
export function withScalar(value: unknown, { path, whole: text }: Substitution): unknown {
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

/** Removes the values of variables from a message, since they may be secrets. */
export function redact(message: string, substitutions: readonly Substitution[]): string {
  let redacted = message;
  for (const { name, text } of substitutions) {
    // Values of one or two characters are not secrets, and replacing them would garble the message.
    if (text.length <= 2) continue;
    for (const form of formsOf(text)) redacted = redacted.replaceAll(form, `$${name}`);
  }
  return redacted;
}

/**
 * The forms in which messages quote texts: unchanged, in quotes, or in lower case like names of headers; the longest
 * first.
 */
function formsOf(text: string): readonly string[] {
  const quoted = JSON.stringify(text).slice(1, -1);
  return [quoted, quoted.toLowerCase(), text, text.toLowerCase()];
}
