import type { PolicyKind } from '../policy/policy.ts';
import { withValueAt } from './environment.ts';
import type { Substitution } from './environment.ts';
import { parseWith } from './issues.ts';
import type { Issue } from './issues.ts';

// A control plane checks documents whose variables and files only sidecars know: it finds every fault that does not depend
// on them.

/** The content of a file is not known here: where it is named is no fault. */
export class UnknownFile extends Error {
  override name = 'UnknownFile';
}

/** What options are made of: one of these fits most of them. */
const TRIED: readonly unknown[] = [
  'https://unknown.invalid/',
  'ldaps://unknown.invalid',
  '10.0.0.1',
  1,
  true,
  '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDP6F+O02/UplxBvFsKiRp3V8pTsm8v3rpYctG/Rs0LQJkf9bnyAL7eBsg17oSv2KKnd65ql0XbET8qefqguBhA==\n-----END PUBLIC KEY-----\n',
];

/**
 * Options with values tried in the places of unknown ones.
 * @returns the options; or the issues that no value of these would mend, which may be none
 */
export function fitUnknown(
  kind: PolicyKind,
  written: unknown,
  unknown: readonly Substitution[],
): { readonly options: unknown; readonly resolved: unknown } | { readonly issues: readonly Issue[] } {
  let value = written;
  let issues: readonly Issue[] = [];
  for (const tried of [undefined, ...TRIED]) {
    if (tried !== undefined) {
      for (const { path } of unknown) {
        if (issues.some((issue) => concerns(issue.path, path))) value = withValueAt(value, path, tried);
      }
    }
    const parsed = parseWith(kind.options, value);
    if ('value' in parsed) return { options: parsed.value, resolved: value };
    issues = parsed.issues;
  }
  return { issues: issues.filter((issue) => !unknown.some(({ path }) => concerns(issue.path, path))) };
}

/** Whether one of the places is in the other. */
function concerns(one: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  return one.every((part, at) => at >= other.length || part === other[at]);
}

/** For authors: what a sidecar has to allow. */
export function unknownVariables(substitutions: readonly Substitution[]): readonly Issue[] {
  return substitutions
    .filter(({ isSecret, isUnknown }) => isUnknown === true && isSecret !== true)
    .map(({ path, name }) => ({ path, at: 'value', message: readsVariable(name) }));
}

export function readsVariable(name: string): string {
  return `is the environment variable ${name} of each sidecar, which has to be started with --allow-env ${name}`;
}

export function readsFile(file: string): string {
  return `${file} is read by each sidecar, in the folder that its --secrets-dir names`;
}
