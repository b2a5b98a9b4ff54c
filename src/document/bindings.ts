import { nearest } from '../nearest.ts';
import type { PolicyEnvironment, RegisteredKind } from '../policies/environment.ts';
import type { AccessPolicy, Policy, QuotaPolicy } from '../policy/policy.ts';
import { compileRules } from '../policy/rules.ts';
import type { RuleSource, Rules } from '../policy/rules.ts';
import type { UpgradeNote } from '../policy/upgrade-note.ts';
import type { Bound } from '../snapshot/snapshot.ts';
import { redact } from './environment.ts';
import type { Variables } from './environment.ts';
import { below } from './issues.ts';
import type { Issue } from './issues.ts';
import { isRecord } from './load.ts';
import { readPolicyOptions } from './policy-options.ts';
import { isPublishedKey, PUBLISHED_SECRET } from './published-secrets.ts';
import type { PolicyFields } from './schema.ts';

export interface PolicyContext {
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
  readonly environment: PolicyEnvironment;
  readonly variables: Variables;
}

export type BoundPolicy = Bound<AccessPolicy | QuotaPolicy>;

export interface CompiledPolicy {
  /** Undefined where there are issues. */
  readonly bound: BoundPolicy | undefined;
  /** The fields with variables replaced. */
  readonly content: unknown;
  /** Paths begin at the fields of the policy. */
  readonly issues: readonly Issue[];
  readonly notes: readonly UpgradeNote[];
  /** What its author should know though it is in force; paths as above. */
  readonly warnings: readonly Issue[];
}

/** Makes a policy of its fields in a document. One instance serves every API it is bound to. */
export function compilePolicy(name: string, fields: PolicyFields, context: PolicyContext): CompiledPolicy {
  const rules = compileRuleList(fields.rules);
  const issues: Issue[] = [...rules.issues];
  const kind = context.policyKinds.get(fields.policyRef.name);
  if (kind === undefined) {
    issues.push(unknownKind(fields.policyRef.name, context.policyKinds));
    return { bound: undefined, content: fields, issues, notes: [], warnings: [] };
  }
  const read = readPolicyOptions(kind, fields.config, context.variables);
  if ('issues' in read) {
    issues.push(...below(['config'], read.issues));
    return { bound: undefined, content: fields, issues, notes: [], warnings: [] };
  }
  let policy: Policy | undefined;
  try {
    policy = kind.create(read.options, context.environment);
  } catch (error) {
    // Kinds promise a TypeError; another failure must not end a reload either.
    const message = error instanceof Error ? error.message : 'the policy cannot be made of this';
    issues.push({ path: ['config'], at: 'key', message: redact(message, read.substitutions) });
  }
  const content = { ...fields, policyRef: kind.name, config: read.resolved };
  if (policy === undefined) return { bound: undefined, content, issues, notes: [], warnings: [] };
  const written = read.resolved as Readonly<Record<string, unknown>>;
  const notes = kind.upgradeNotes?.(written) ?? [];
  const { order, mode, onFailure } = fields;
  const bound = { name, kind: kind.name, order, mode, onFailure, rules: rules.rules, policy };
  const warned = kind.warnings?.(written) ?? [];
  const warnings = warned.map(({ path, message }): Issue => ({ path: ['config', ...path], at: 'value', message }));
  if (isPublishedKey(written['textKey'])) {
    warnings.push({ path: ['config', 'textKey'], at: 'key', message: PUBLISHED_SECRET });
  }
  return { bound, content, issues, notes: below(['config'], notes), warnings };
}

/** The same faults of a policy whose document has others, so that all are told at once. */
export function looseIssues(fields: unknown, { policyKinds, variables }: PolicyContext): readonly Issue[] {
  if (!isRecord(fields)) return [];
  const { policyRef, config } = fields;
  const name = isRecord(policyRef) ? policyRef['name'] : undefined;
  if (typeof name !== 'string') return [];
  const kind = policyKinds.get(name);
  if (kind === undefined) return [unknownKind(name, policyKinds)];
  if (!isRecord(config)) return [];
  const read = readPolicyOptions(kind, config, variables);
  return 'issues' in read ? below(['config'], read.issues) : [];
}

function unknownKind(name: string, policyKinds: PolicyContext['policyKinds']): Issue {
  const names = new Set([...policyKinds.values()].map((kind) => kind.name));
  const meant = nearest(name, policyKinds.keys());
  const remedy = meant === undefined ? ` (known: ${[...names].join(', ')})` : `; did you mean "${meant}"?`;
  return { path: ['policyRef', 'name'], at: 'value', message: `there is no kind of policy of this name${remedy}` };
}

function compileRuleList(sources: readonly RuleSource[] | undefined): {
  readonly rules: Rules | undefined;
  readonly issues: readonly Issue[];
} {
  if (sources === undefined) return { rules: undefined, issues: [] };
  const issues = sources.flatMap((source, index) => ruleIssues(source, ['rules', index]));
  return { rules: issues.length === 0 ? compileRules(sources) : undefined, issues };
}

/** Every expression is tried alone, so that each faulty one is told at its own place. */
function ruleIssues(source: RuleSource, path: readonly PropertyKey[]): readonly Issue[] {
  const parts: (readonly [path: readonly PropertyKey[], rule: RuleSource])[] = [
    ...(['path', 'methods', 'host'] as const)
      .filter((field) => source[field] !== undefined)
      .map((field) => [[field], { [field]: source[field] }] as const),
    ...Object.entries(source.headers ?? {}).map(
      ([name, expression]) => [['headers', name], { headers: { [name]: expression } }] as const,
    ),
  ];
  return parts.flatMap(([field, rule]): readonly Issue[] => {
    try {
      compileRules([rule]);
      return [];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return [{ path: [...path, ...field], at: 'value', message: error.message }];
    }
  });
}

/** By `order`; then an API's own in list order, then bindings by name. */
export function inOrder(own: readonly BoundPolicy[], bindings: readonly BoundPolicy[]): readonly BoundPolicy[] {
  const byName = bindings.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // The sort is stable, which settles the ties.
  return [...own, ...byName].sort((a, b) => a.order - b.order);
}
