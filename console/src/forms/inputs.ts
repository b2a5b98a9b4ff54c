import { chosenOf, isRecord } from './node.ts';
import type { FormNode } from './node.ts';

export type Path = readonly (string | number)[];

/** One input of a form, with the text in it. Lists, maps and groups without anything in them have one too: it is `[]` or `{}`. */
export interface Input {
  readonly path: Path;
  readonly text: string;
  /** Reads what is typed there. */
  readonly read: (text: string) => unknown;
}

/** Every input that a form has for a value, in its order. What the form has no place for is an input of its own, as JSON. */
export function inputsOf(node: FormNode, value: unknown, path: Path = []): readonly Input[] {
  switch (node.kind) {
    case 'group':
      if (!isRecord(value)) break;
      if (Object.keys(value).length === 0) return [asJson(path, {})];
      return [...ordered(node.fields, value)].flatMap(([name, child]) => inputsOf(child, value[name], [...path, name]));
    case 'map':
      if (!isRecord(value)) break;
      if (Object.keys(value).length === 0) return [asJson(path, {})];
      return Object.entries(value).flatMap(([key, each]) => inputsOf(node.value, each, [...path, key]));
    case 'list':
      if (!Array.isArray(value)) break;
      if (value.length === 0) return [asJson(path, [])];
      return value.flatMap((each, at) => inputsOf(node.item, each, [...path, at]));
    case 'either': {
      const option = node.options[chosenOf(node.options, value)];
      if (option !== undefined) return inputsOf(option, value, path);
      break;
    }
    default: {
      const text = textOf(node, value);
      if (isSame(readText(node, text), value)) return [{ path, text, read: (typed) => readText(node, typed) }];
    }
  }
  return [asJson(path, value)];
}

/** Keys in the order in which the value has them; those that no field is for are shown too. */
function* ordered(
  fields: readonly { readonly name: string; readonly node: FormNode }[],
  value: Readonly<Record<string, unknown>>,
): Iterable<readonly [string, FormNode]> {
  for (const key of Object.keys(value)) {
    yield [key, fields.find(({ name }) => name === key)?.node ?? { kind: 'any' }];
  }
}

function asJson(path: Path, value: unknown): Input {
  return { path, text: JSON.stringify(value), read: (text) => JSON.parse(text) as unknown };
}

/** What an input shows of a value. */
export function textOf(node: FormNode, value: unknown): string {
  if (value === undefined || value === null) return value === null && node.kind === 'any' ? 'null' : '';
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return JSON.stringify(value);
  switch (node.kind) {
    case 'any':
    case 'many':
    case 'list':
    case 'map':
    case 'group':
    case 'either':
      return JSON.stringify(value);
    case 'scalar':
      return typeof value === 'string' && typeof readScalar(value) !== 'string' ? JSON.stringify(value) : String(value);
    default:
      return String(value);
  }
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** What is typed, as a value. What is no number where one belongs stays text, such as `$LIMIT`: the control plane says whether it may. */
export function readText(node: FormNode, text: string): unknown {
  switch (node.kind) {
    case 'number':
      return NUMBER.test(text) ? Number(text) : text;
    case 'switch':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'choice':
      return node.values.find((value) => String(value) === text) ?? text;
    case 'scalar':
      return readScalar(text);
    case 'text':
      return text;
    default:
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text;
      }
  }
}

function readScalar(text: string): unknown {
  if (NUMBER.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^".*"$/s.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Text with quotes around it.
    }
  }
  return text;
}

/** A value with another one at a path; what is on the way there is made. */
export function withValue(value: unknown, path: Path, next: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return next;
  if (typeof first === 'number') {
    const list: unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [];
    list[first] = withValue(list[first], rest, next);
    return list;
  }
  const record = isRecord(value) ? value : {};
  return { ...record, [first]: withValue(Object.hasOwn(record, first) ? record[first] : undefined, rest, next) };
}

export function valueAt(value: unknown, path: Path): unknown {
  let node = value;
  for (const part of path) {
    if (Array.isArray(node) && typeof part === 'number') node = (node as unknown[])[part];
    else if (isRecord(node) && Object.hasOwn(node, part)) node = node[part];
    else return undefined;
  }
  return node;
}

/** Whatever the order of keys. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, at) => isSame(each, other[at]));
  if (!isRecord(one) || !isRecord(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
  );
}
