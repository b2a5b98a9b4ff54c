import { nearest } from '../nearest.ts';
import type { PolicyEnvironment, RegisteredKind } from '../policies/environment.ts';
import type { AccessPolicy, Policy, QuotaPolicy } from '../policy/policy.ts';
import type { Condition } from '../policy/condition.ts';
import type { Rules } from '../policy/rules.ts';
import type { UpgradeNote } from '../policy/upgrade-note.ts';
import { settle } from '../settle.ts';
import type { Bound } from '../snapshot/snapshot.ts';
import { redact, withValueAt } from './environment.ts';
import type { Lookups, Substitution, Variables } from './environment.ts';
import { NO_FILES } from './file-contents.ts';
import type { NamedFileReader, ReadFiles } from './file-contents.ts';
import { below } from './issues.ts';
import type { Issue } from './issues.ts';
import { isRecord } from './load.ts';
import { kindElsewhere } from './kinds-elsewhere.ts';
import { likelyMistakes, likelyRuleMistakes } from './likely-mistakes.ts';
import { readPolicyOptions } from './policy-options.ts';
import type { PolicyOptions } from './policy-options.ts';
import { publishedKeysOf, PUBLISHED_SECRET } from './published-secrets.ts';
import type { PolicyFields } from './schema.ts';
import { compileRuleList, trustedOf } from './rule-list.ts';
import { unknownVariables } from './unknown-values.ts';
import { compileWhen } from './when.ts';

export interface PolicyContext {
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
  readonly environment: PolicyEnvironment;
  readonly variables: Variables;
  /** For the document that contains the policy. */
  readonly lookups: Lookups;
}

export type BoundPolicy = Bound<AccessPolicy | QuotaPolicy>;

export interface CompiledPolicy {
  /** Undefined if there are issues, or if it depends on what is not known here. */
  readonly bound: BoundPolicy | undefined;
  /** The fields with variables replaced, without secrets. */
  readonly content: unknown;
  /** Secrets in plain text, by the option that holds them. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Paths begin at the fields of the policy. */
  readonly issues: readonly Issue[];
  readonly notes: readonly UpgradeNote[];
  /** Warnings for its author, although it is in force; paths as above. */
  readonly warnings: readonly Issue[];
  /** The policies of a group. */
  readonly members?: readonly Member[];
}

/** A policy of a group. */
export interface Member {
  readonly bound: BoundPolicy;
  /** Begins at the fields of the group. */
  readonly path: readonly PropertyKey[];
}

/** The document that contains a policy. */
export interface PolicySite {
  /** Undefined if it is not in a file. */
  readonly file: string | undefined;
  readonly reader: NamedFileReader;
  /** Whether it is a binding of the platform. */
  readonly isPlatform: boolean;
}

/** The fields of one policy that is not a group. */
export type SingleFields = Omit<PolicyFields, 'policyRef' | 'authentication'> & {
  readonly policyRef: { readonly name: string };
};

const NO_ISSUES: readonly Issue[] = [];
const NOTHING_READ: ReadFiles = { files: NO_FILES, digests: {}, issues: NO_ISSUES, unknown: NO_ISSUES };

/** Makes a policy from its fields in a document. One instance serves every API that it is bound to. */
export function compilePolicy(
  name: string,
  fields: SingleFields,
  context: PolicyContext,
  site: PolicySite,
): CompiledPolicy | Promise<CompiledPolicy> {
  const condition = compileWhen(fields.when);
  const rules = compileRuleList(fields, condition.when);
  const kind = context.policyKinds.get(fields.policyRef.name);
  if (kind === undefined) {
    return unusable(fields, [
      ...rules.issues,
      ...condition.issues,
      unknownKind(fields.policyRef.name, context.policyKinds),
    ]);
  }
  const unfit = kind.ruleFaults?.(fields.rules ?? [], condition.when?.reads ?? []) ?? [];
  const ofRules = [
    ...rules.issues,
    ...condition.issues,
    ...unfit.map(({ path, message }): Issue => ({ path, at: 'value', message })),
  ];
  const read = readPolicyOptions(kind, fields.config, context.variables, context.lookups);
  const unknown = below(['config'], unknownVariables(read.substitutions));
  if ('issues' in read) return unusable(fields, [...ofRules, ...below(['config'], read.issues)], unknown);
  const named = kind.files?.(read.options) ?? [];
  const files = named.length === 0 ? NOTHING_READ : site.reader.read(named, site.file);
  return settle(files, (found) => {
    const compiled = makePolicy(
      name,
      fields,
      { kind, read, files: found, rules: rules.rules, when: condition.when, isPlatform: site.isPlatform },
      context,
    );
    // They may quote options: what is in a Secret is read back by nobody.
    const told = <R extends { readonly message: string }>(remarks: readonly R[]): readonly R[] =>
      remarks.map((remark) => ({ ...remark, message: redact(remark.message, read.substitutions) }));
    const warnings = [...told(compiled.warnings), ...unknown];
    return { ...compiled, warnings, notes: told(compiled.notes), issues: [...ofRules, ...told(compiled.issues)] };
  });
}

interface Making {
  readonly kind: RegisteredKind;
  readonly read: PolicyOptions;
  readonly files: ReadFiles;
  readonly rules: Rules | undefined;
  readonly when: Condition | undefined;
  readonly isPlatform: boolean;
}

function makePolicy(
  name: string,
  fields: SingleFields,
  { kind, read, files, rules, when, isPlatform }: Making,
  context: PolicyContext,
): CompiledPolicy {
  const { config, secrets } = withoutSecrets(read.resolved, kind.secretFields, read.substitutions);
  const digests = Object.keys(files.digests).length === 0 ? undefined : files.digests;
  const content = { ...fields, policyRef: kind.name, config, files: digests };
  const unknownFiles = below(['config'], files.unknown);
  if (files.issues.length > 0 || unknownFiles.length > 0)
    return unusable(content, below(['config'], files.issues), unknownFiles);
  const surroundings = { ...context.environment, files: files.files };
  let policy: Policy;
  try {
    policy = kind.create(read.options, surroundings);
  } catch (error) {
    // It may be of the value that was tried in place of the right one.
    if (read.substitutions.some(({ isUnknown }) => isUnknown)) return unusable(content, []);
    // Kinds should throw a TypeError, but no other error may end a reload either.
    const message = error instanceof Error ? error.message : 'the policy cannot be made of this';
    return unusable(content, [{ path: ['config'], at: 'key', message }]);
  }
  const written = read.resolved as Readonly<Record<string, unknown>>;
  const notes = kind.upgradeNotes?.(written, surroundings) ?? [];
  const { order, mode, onFailure } = fields;
  const bound = {
    name,
    kind: kind.name,
    order,
    mode,
    onFailure,
    rules,
    when,
    trustedHeaders: trustedOf(fields),
    policy,
    isPlatform,
  };
  const warned = kind.warnings?.(written, surroundings) ?? [];
  const warnings = warned.map(({ path, message }): Issue => ({ path: ['config', ...path], at: 'value', message }));
  warnings.push(...below(['config'], likelyMistakes(fields.config)), ...likelyRuleMistakes(fields.rules ?? []));
  for (const path of publishedKeysOf(written)) {
    warnings.push({ path: ['config', ...path], at: 'key', message: PUBLISHED_SECRET });
  }
  return { bound, content, secrets, issues: NO_ISSUES, notes: below(['config'], notes), warnings };
}

function unusable(content: unknown, issues: readonly Issue[], warnings: readonly Issue[] = []): CompiledPolicy {
  return { bound: undefined, content, secrets: {}, issues, notes: [], warnings };
}

/** What the version tells nothing of: options that may hold secrets, and texts with a value of a Secret in them. */
function withoutSecrets(
  resolved: unknown,
  fields: readonly string[] = [],
  substitutions: readonly Substitution[],
): { readonly config: unknown; readonly secrets: Readonly<Record<string, string>> } {
  const secrets: Record<string, string> = {};
  let shown = resolved;
  for (const { path, whole, written, isSecret } of substitutions) {
    if (isSecret !== true || fields.includes(String(path[0]))) continue;
    secrets[path.join('/')] = JSON.stringify(whole);
    shown = withValueAt(shown, path, written);
  }
  if (fields.length === 0 || !isRecord(shown)) return { config: shown, secrets };
  const config: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(shown)) {
    if (fields.includes(field)) secrets[field] = JSON.stringify(value);
    else config[field] = value;
  }
  return { config, secrets };
}

/** The faults of a policy in a document with other faults, so that all are reported at once. */
export function looseIssues(fields: unknown, context: PolicyContext): readonly Issue[] {
  if (!isRecord(fields)) return [];
  const { policyRef, config, authentication } = fields;
  if (isRecord(authentication)) return looseIssuesOfGroup(authentication, context);
  const { policyKinds, variables, lookups } = context;
  const name = isRecord(policyRef) ? policyRef['name'] : undefined;
  if (typeof name !== 'string') return [];
  const kind = policyKinds.get(name);
  if (kind === undefined) return [unknownKind(name, policyKinds)];
  if (!isRecord(config)) return [];
  const read = readPolicyOptions(kind, config, variables, lookups);
  return 'issues' in read ? below(['config'], read.issues) : [];
}

function looseIssuesOfGroup({ anyOf }: Readonly<Record<string, unknown>>, context: PolicyContext): readonly Issue[] {
  if (!Array.isArray(anyOf)) return [];
  return anyOf.flatMap((alternative, index) => {
    const path = ['authentication', 'anyOf', index];
    const all = isRecord(alternative) ? alternative['allOf'] : undefined;
    if (!Array.isArray(all)) return below(path, looseIssues(alternative, context));
    return all.flatMap((fields, at) => below([...path, 'allOf', at], looseIssues(fields, context)));
  });
}

function unknownKind(name: string, policyKinds: PolicyContext['policyKinds']): Issue {
  const names = new Set([...policyKinds.values()].map((kind) => kind.name));
  const meant = kindElsewhere(name) ?? { kind: nearest(name, policyKinds.keys()) };
  const remedy =
    'page' in meant
      ? `: it is a part of Envoy (${meant.page})`
      : meant.kind === undefined
        ? ` (known: ${[...names].toSorted().join(', ')})`
        : `; did you mean "${meant.kind}"?`;
  return { path: ['policyRef', 'name'], at: 'value', message: `there is no kind of policy of this name${remedy}` };
}
