// Envoy's configuration as anybody writes it: JSON or YAML of protobuf messages, field names in either spelling.

export type Path = readonly (string | number)[];

/** A part of a configuration and where it stands. */
export interface Part {
  readonly value: Readonly<Record<string, unknown>>;
  readonly path: Path;
}

/** A field by its protobuf name: JSON may have it in lowerCamelCase too. */
export function fieldOf({ value, path }: Part, name: string): { readonly value: unknown; readonly path: Path } {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const key = name in value ? name : camel;
  return { value: value[key], path: [...path, key in value ? key : name] };
}

/** A message in a field; undefined: there is none. */
export function partOf(part: Part, name: string): Part | undefined {
  const { value, path } = fieldOf(part, name);
  return isMessage(value) ? { value, path } : undefined;
}

/** The messages of a repeated field. */
export function partsOf(part: Part, name: string): readonly Part[] {
  const { value, path } = fieldOf(part, name);
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown, at) => (isMessage(each) ? [{ value: each, path: [...path, at] }] : []));
}

export function textOf(part: Part | undefined, name: string): string {
  const value = part === undefined ? undefined : fieldOf(part, name).value;
  return typeof value === 'string' ? value : '';
}

export function textsOf(part: Part, name: string): readonly string[] {
  const { value } = fieldOf(part, name);
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** A number, which JSON may have as a text; of a wrapper such as `UInt32Value` it is the same. */
export function numberOf(part: Part, name: string): number | undefined {
  const { value } = fieldOf(part, name);
  return typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value)) ? Number(value) : undefined;
}

/** Whether it is a message of this type: `….ExtAuthz`, whatever its package. */
export function isOf(part: Part, type: string): boolean {
  return textOf(part, '@type').endsWith(`.${type}`);
}

/** All messages below, the outer ones first. @param enters false: what is below this one is passed over */
export function* messagesBelow(part: Part, enters: (part: Part) => boolean = () => true): Generator<Part> {
  yield part;
  if (!enters(part)) return;
  for (const [key, value] of Object.entries(part.value)) yield* messagesOf(value, [...part.path, key], enters);
}

function* messagesOf(value: unknown, path: Path, enters: (part: Part) => boolean): Generator<Part> {
  if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) yield* messagesOf(each, [...path, at], enters);
  } else if (isMessage(value)) yield* messagesBelow({ value, path }, enters);
}

export function isMessage(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
