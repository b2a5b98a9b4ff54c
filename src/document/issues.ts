import type { z } from 'zod';
import { didYouMean } from '../nearest.ts';

/** A fault of a value whose place in a file is not known yet. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  /** Whether the place is the last field's name or its value. */
  readonly at: 'key' | 'value';
  readonly message: string;
  /** A referenced document does not exist: reported after faults that may be the cause. */
  readonly isDangling?: boolean;
  /** Where it is to be mended, if not in the document; line 0: the file as a whole. */
  readonly elsewhere?: { readonly file: string; readonly line: number };
}

/** The same issues or notes, with paths that begin at the larger value. */
export function below<Told extends { readonly path: readonly PropertyKey[] }>(
  prefix: readonly PropertyKey[],
  told: readonly Told[],
): readonly Told[] {
  return told.map((each) => ({ ...each, path: [...prefix, ...each.path] }));
}

/** Parses by a schema; on failure says what was expected, without the value itself: it may be a secret. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): { readonly value: z.output<Schema> } | { readonly issues: readonly Issue[] } {
  const result = schema.safeParse(value, { error: describe });
  return result.success ? { value: result.data } : { issues: result.error.issues.flatMap((issue) => flatten(issue)) };
}

/** The fields that hold secrets, and what they may be made of. What else stands below may be the secret itself. */
const SECRET_FIELDS: ReadonlySet<PropertyKey> = new Set([
  'apiKeys',
  'clientSecret',
  'clientSecrets',
  'signingSecret',
  'textKey',
]);
const KNOWN_BELOW: ReadonlySet<PropertyKey> = new Set([
  'value',
  'file',
  'salt',
  'sha256',
  'id',
  'hmac',
  'expires',
  'secretRef',
]);

/** `spec.policies[0].config.issuer`; a name that is no plain word is quoted, and one that may be a secret left out. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  let isSecret = false;
  for (const part of path) {
    const isHidden = isSecret && typeof part !== 'number' && !KNOWN_BELOW.has(part);
    isSecret ||= SECRET_FIELDS.has(part);
    if (isHidden) text += '["…"]';
    else if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part).slice(0, 100))}]`;
  }
  return text;
}

const EXPECTED: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['int', 'a whole number'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
  ['object', 'a mapping'],
  ['record', 'a mapping'],
  ['array', 'a list'],
  ['null', 'null'],
]);

function kindOf(value: unknown): string {
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'true or false';
  // As 1e400 is read, and YAML's .inf and .nan.
  if (Number.isNaN(value)) return 'no number (.nan)';
  return Number.isFinite(value) ? 'a number' : 'one that is too large';
}

/** The message of an issue as zod raises it; a message that the schema itself gives wins over this. */
function describe(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = EXPECTED.get(issue.expected) ?? issue.expected;
      if (issue.input === undefined) return `is missing: expected ${expected}`;
      if (issue.expected === 'int' && typeof issue.input === 'number') {
        return Number.isInteger(issue.input) ? 'expected at most 9007199254740991 (2^53 − 1)' : `expected ${expected}`;
      }
      const quote = issue.expected === 'string' && /number|boolean/.test(typeof issue.input);
      return `expected ${expected}, got ${kindOf(issue.input)}${quote ? ': put it in quotes' : ''}`;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const expected = values.length === 1 ? `"${values[0]}"` : `one of ${values.join(', ')}`;
      if (issue.input === undefined) return `is missing: expected ${expected}`;
      return `expected ${expected}${typeof issue.input === 'string' ? didYouMean(issue.input, values) : ''}`;
    }
    case 'too_small':
    case 'too_big': {
      const small = issue.code === 'too_small';
      const bound = Number(small ? issue.minimum : issue.maximum);
      const exclusive = issue.inclusive === false;
      const side = small ? (exclusive ? 'more than' : 'at least') : exclusive ? 'less than' : 'at most';
      const unit = issue.origin === 'string' ? 'character' : issue.origin === 'array' ? 'item' : undefined;
      return `expected ${side} ${bound}${unit === undefined ? '' : ` ${unit}${bound === 1 ? '' : 's'}`}`;
    }
    case 'unrecognized_keys':
      // Not for readers yet: `flatten` makes one issue for each key of it.
      return JSON.stringify(knownKeys(issue.inst));
    case 'invalid_union':
      if (issue.input === undefined) return 'is missing';
      if (Array.isArray(issue.options)) return `expected one of ${issue.options.map(String).join(', ')}`;
      return `none of the forms fits ${kindOf(issue.input)}`;
    case 'invalid_key':
      return 'is not a valid name here';
    default:
      return undefined;
  }
}

function knownKeys(schema: unknown): readonly string[] {
  const { def } = schema as { readonly def?: Definition };
  return Object.keys(def?.shape ?? def?.keyType?.def?.entries ?? {});
}

/** What of zod's definitions holds the names of keys: those of an object, or of a record over an enum. */
interface Definition {
  readonly shape?: object;
  readonly keyType?: { readonly def?: { readonly entries?: object } };
}

function flatten(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[] = []): readonly Issue[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = parseKeys(issue.message);
    return issue.keys.map((key) => {
      const choice = known.length === 0 ? '' : ` (known: ${known.join(', ')})`;
      return { path: [...path, key], at: 'key', message: `unknown field${didYouMean(key, known) || choice}` };
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return bestBranch(
      issue.errors.map((branch) => branch.flatMap((inner) => flatten(inner, path))),
      path.length,
      issue,
    );
  }
  if (issue.code === 'invalid_key') {
    return [{ path, at: 'key', message: issue.issues[0]?.message ?? issue.message }];
  }
  return [{ path, at: 'value', message: issue.message }];
}

function parseKeys(message: string): readonly string[] {
  try {
    return JSON.parse(message) as string[];
  } catch {
    return []; // a schema with a message of its own
  }
}

/**
 * If several forms of a value all fail, the one that the author most likely meant: it fails deepest, and in the
 * fewest places.
 */
function bestBranch(branches: readonly (readonly Issue[])[], depth: number, issue: z.core.$ZodIssue): readonly Issue[] {
  const atTop = branches.filter((branch) => branch.some(({ path }) => path.length <= depth));
  const deeper = branches.filter((branch) => !atTop.includes(branch));
  if (deeper.length === 0) {
    // A scalar of the wrong kind: all forms say what they expect.
    const messages = [...new Set(atTop.flat().map(({ message }) => message))];
    const missing = 'is missing: ';
    const rest = messages.map((each, index) =>
      index > 0 && each.startsWith(missing) ? each.slice(missing.length) : each,
    );
    return [{ path: issue.path, at: 'value', message: rest.join('; or ') }];
  }
  return deeper.reduce((best, branch) => (branch.length < best.length ? branch : best));
}
