import type { Issue } from './issues.ts';
import { didYouMean } from '../nearest.ts';

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What `${secret:NAME/KEY}` means: its value, or why there is none. */
export type SecretLookup = (
  name: string,
  key: string,
) =>
  | { readonly text: string; readonly isUnknown?: boolean }
  | { readonly problem: string; readonly isDangling?: boolean };

/** What references lead to, beside the variables that are set. */
export interface Lookups {
  /** Absent: there are no Secrets here. */
  readonly secret?: SecretLookup | undefined;
  /** Why a variable is not there; undefined: whoever reads it knows its value, and it is not known here. Absent: it is not set. */
  readonly unset?: ((name: string) => string | undefined) | undefined;
}

/** A place where a reference was replaced: in a text, or as the whole of it. */
export interface Substitution {
  readonly path: readonly PropertyKey[];
  /** Of the variable, or `{secret:NAME/KEY}`. */
  readonly name: string;
  /** The value. */
  readonly text: string;
  /** The text that contains the value. */
  readonly whole: string;
  /** The same text as it is written. */
  readonly written: string;
  /** It is of a Secret. */
  readonly isSecret?: boolean;
  /** The value is not known here: the text is {@link UNKNOWN}. */
  readonly isUnknown?: boolean;
}

/** Stands for a value that is not known here. */
export const UNKNOWN = 'unknown';

export interface Resolved {
  readonly value: unknown;
  readonly substitutions: readonly Substitution[];
  readonly issues: readonly Issue[];
}

/** `$NAME` as the whole of a text. */
const WHOLE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/;
/** `${NAME}` and `${secret:…}` anywhere, and their escaped forms. */
const INSIDE = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*|secret:[^{}]*)\}/g;
/** A first `$` that is neither escaped nor that of `${NAME}`. */
const STRAY = /^\$(?!\$|\{(?:[A-Za-z_][A-Za-z0-9_]*|secret:[^{}]*)\})/;
/** `$$` at the beginning, but that of an escaped `${NAME}`. */
const ESCAPED_FIRST = /^\$(?=\$)(?!\$+\{(?:[A-Za-z_][A-Za-z0-9_]*|secret:[^{}]*)\})/;
/** A reference at the beginning, with any number of `$` before it. */
const FIRST_REFERENCE = /^\$+\{(?:[A-Za-z_][A-Za-z0-9_]*|secret:[^{}]*)\}/;
const SECRET = /^secret:([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\/([A-Za-z0-9._-]+)$/;

/**
 * Replaces `$NAME` if it is the whole text, and `${NAME}` and `${secret:NAME/KEY}` anywhere in a text; `$${NAME}` is the
 * text `${NAME}`. A text that begins with `$$` is taken literally, without the first `$`. Any other text that begins with
 * `$` is an issue, so that a misspelt reference is not taken for a secret. Any other `$` is literal.
 */
export function resolveVariables(value: unknown, variables: Variables, lookups: Lookups = {}): Resolved {
  const substitutions: Substitution[] = [];
  const issues: Issue[] = [];
  const visit = (part: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(part)) return part.map((item, index) => visit(item, [...path, index]));
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, visit(item, [...path, key])]));
    }
    if (typeof part !== 'string' || !part.includes('$')) return part;
    const { text, used, problems } = resolveText(part, variables, lookups);
    for (const problem of problems) issues.push({ path, at: 'value', ...problem });
    for (const own of used) substitutions.push({ ...own, path, whole: text, written: part });
    return text;
  };
  return { value: visit(value, []), substitutions, issues };
}

/** How a document writes a text so that {@link resolveVariables} reads just this text. */
export function literalText(text: string): string {
  const inside = text.replaceAll(/\$\{(?:[A-Za-z_][A-Za-z0-9_]*|secret:[^{}]*)\}/g, (reference) => `$${reference}`);
  return text.startsWith('$') && !FIRST_REFERENCE.test(text) ? `$${inside}` : inside;
}

type Used = Omit<Substitution, 'path' | 'whole' | 'written'>;
type Problem = Pick<Issue, 'message' | 'isDangling'>;

interface ResolvedText {
  readonly text: string;
  readonly used: readonly Used[];
  readonly problems: readonly Problem[];
}

function resolveText(written: string, variables: Variables, { secret, unset }: Lookups): ResolvedText {
  const used: Used[] = [];
  const problems: Problem[] = [];
  const fail = (reference: string, message: string, isDangling = false): string => {
    problems.push({ message, ...(isDangling && { isDangling }) });
    return reference;
  };
  const secretValue = (name: string, reference: string): string => {
    const [, of, key] = SECRET.exec(name) ?? [];
    if (of === undefined || key === undefined)
      return fail(reference, `expected \${secret:NAME/KEY}; for the text itself write "$${reference}"`);
    if (secret === undefined) return fail(reference, 'no Secret is read here: write the value');
    const found = secret(of, key);
    if ('problem' in found) return fail(reference, found.problem, found.isDangling);
    used.push({ name: `{${name}}`, ...found, isSecret: true });
    return found.text;
  };
  const valueOf = (name: string, reference: string): string => {
    if (name.startsWith('secret:')) return secretValue(name, reference);
    const text = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (text !== undefined) {
      used.push({ name, text });
      return text;
    }
    if (unset === undefined) {
      const meant = didYouMean(name, Object.keys(variables));
      const message = `the environment variable ${name} is not set${meant}; for the text itself write "$${reference}"`;
      return fail(reference, message);
    }
    const why = unset(name);
    if (why !== undefined) return fail(reference, why);
    used.push({ name, text: UNKNOWN, isUnknown: true });
    return UNKNOWN;
  };
  const whole = WHOLE.exec(written)?.[1];
  if (whole !== undefined) return { text: valueOf(whole, written), used, problems };
  if (STRAY.test(written)) {
    fail(
      written,
      'begins with "$" and is not a variable such as $NAME (the whole text) or ${NAME}; a literal "$" is written "$$" here',
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
  return withValueAt(value, path, JSON.parse(text));
}

/** What is at a path; undefined where there is nothing. */
export function valueIn(value: unknown, path: readonly PropertyKey[]): unknown {
  let part = value;
  for (const key of path) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return undefined;
    part = (part as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return part;
}

/** A copy with another value at a path that there is. */
export function withValueAt(value: unknown, path: readonly PropertyKey[], instead: unknown): unknown {
  const replace = (part: unknown, depth: number): unknown => {
    const key = path[depth];
    if (key === undefined) return instead;
    if (Array.isArray(part)) return part.map((item, index) => (index === key ? replace(item, depth + 1) : item));
    const record = part as Readonly<Record<PropertyKey, unknown>>;
    return { ...record, [key]: replace(record[key], depth + 1) };
  };
  return replace(value, 0);
}

/** Removes the values of variables from a message, since they may be secrets. */
export function redact(message: string, substitutions: readonly Substitution[]): string {
  let redacted = message;
  for (const { name, text, isUnknown } of substitutions) {
    if (isUnknown === true) continue;
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
