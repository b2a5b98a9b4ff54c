import type { RegisteredKind } from '../policies/environment.ts';
import { resolveVariables, valueIn } from './environment.ts';
import { isRecord } from './load.ts';

type Json = Readonly<Record<string, unknown>>;

/** What in an option that holds secrets is no secret itself. */
const NAMES_ONLY: ReadonlySet<string> = new Set([
  'method',
  'clientId',
  'clientSecretFile',
  'privateKeyFile',
  'algorithm',
  'keyId',
  'audience',
]);

/** The members of an option that holds secrets which may be secret. */
export function secretMembers(option: Json): readonly (readonly [field: string, value: unknown])[] {
  return Object.entries(option).filter(([field]) => !NAMES_ONLY.has(field));
}

/** The places of texts that have no reference in them. */
export function plainTexts(value: unknown, path: readonly PropertyKey[]): readonly (readonly PropertyKey[])[] {
  if (isRecord(value)) return secretMembers(value).flatMap(([field, item]) => plainTexts(item, [...path, field]));
  if (value === undefined || value === '') return [];
  return typeof value === 'string' && literalOf(value) === undefined ? [] : [path];
}

/** The text that is written; undefined if it is, or has in it, a variable. */
export function literalOf(written: string): string | undefined {
  const { value, issues } = resolveVariables(written, {});
  return issues.length === 0 ? String(value) : undefined;
}

/** The places below `config` where options of a policy hold a secret in plain text, or what may be one. */
export function plainSecretsIn(kind: RegisteredKind, config: Json): readonly (readonly PropertyKey[])[] {
  return [
    ...(kind.secretFields ?? []).flatMap((field) => plainTexts(config[field], [field])),
    ...(kind.secretPlaces?.(config) ?? []).flatMap((place) => plainTexts(valueIn(config, place), place)),
  ];
}
