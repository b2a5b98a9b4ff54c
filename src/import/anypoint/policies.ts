import { resolveVariables } from '../../document/environment.ts';
import { formatFault } from '../../document/fault.ts';
import { CONTRACTS } from '../flex-options.ts';
import { importPolicy } from '../flex-policies.ts';
import { isFields, noFindings, Remarks, toldIn } from '../remarks.ts';
import type { Fields } from '../remarks.ts';
import type { AnypointPolicy } from './organization.ts';

export interface ConvertedPolicies {
  readonly policies: readonly Fields[];
  /** By key: values that go into a Secret. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  /** Why some can't be converted. */
  readonly refusals: readonly string[];
}

export interface PolicyOptions {
  /** What messages call the API. */
  readonly place: string;
  /** The Secret that holds what must not be read. */
  readonly secretName: string;
  /** Kinds of theirs that are not needed here. */
  readonly skipped: readonly string[];
  /** Options of a kind of ours that hold a secret. */
  readonly secretFieldsOf: (kind: string) => readonly string[];
}

/** Of what messages tell. */
const LONGEST_NAME = 200;
/** Ours begin at 50; theirs are numbered from 1. */
const FIRST_ORDER = 50;

/** Policies of one API or one automated policy, in their order. */
export function convertPolicies(list: readonly AnypointPolicy[], options: PolicyOptions): ConvertedPolicies {
  const { place, skipped } = options;
  const policies: Fields[] = [];
  const secrets: Record<string, string> = {};
  const notes: string[] = [];
  const refusals: string[] = [];
  const ordered = [...list.entries()].toSorted(([i, a], [j, b]) => (a.order ?? 0) - (b.order ?? 0) || i - j);
  for (const [at, policy] of ordered) {
    const name = (policy.assetId ?? policy.template?.assetId ?? '').slice(0, LONGEST_NAME);
    if (policy.disabled === true) {
      notes.push(`${place}: policy ${JSON.stringify(name)} is disabled, and not imported`);
      continue;
    }
    if (skipped.includes(name)) {
      notes.push(`${place}: policy ${JSON.stringify(name)} is not imported, as asked by --skip-policy`);
      continue;
    }
    const findings = noFindings();
    const remarks = new Remarks(findings, { resource: `${place}, policy ${at + 1}` });
    const config = policy.configurationData ?? policy.configuration ?? {};
    const made = importPolicy({ policyRef: { name }, config: escaped(config, remarks) }, remarks);
    const rules = rulesOf(policy);
    const told = toldIn(findings);
    refusals.push(...told.faults.map(formatFault));
    notes.push(...told.notes.filter(({ message }) => message !== CONTRACTS).map(formatFault));
    if (made === undefined || told.faults.length > 0) continue;
    const order = FIRST_ORDER + (policy.order ?? 0);
    policies.push({
      policyRef: made.policyRef,
      ...(order !== FIRST_ORDER && { order }),
      ...(rules !== undefined && { rules }),
      ...(Object.keys(made.config).length > 0 && { config: withoutSecrets(made, at, secrets, options) }),
    });
  }
  return { policies, secrets, notes, refusals };
}

/** Moves what must not be read into a Secret. */
function withoutSecrets(
  { policyRef, config }: { readonly policyRef: { readonly name: string }; readonly config: Fields },
  at: number,
  secrets: Record<string, string>,
  { secretFieldsOf, secretName }: PolicyOptions,
): Fields {
  const kept: Record<string, unknown> = { ...config };
  for (const field of secretFieldsOf(policyRef.name)) {
    const value = config[field];
    if (typeof value !== 'string' || value === '') continue;
    const key = `${at + 1}-${field}`;
    secrets[key] = value;
    kept[field] = `\${secret:${secretName}/${key}}`;
  }
  return kept;
}

/** Texts that read nothing there must not read anything here. */
function escaped(value: unknown, remarks: Remarks): unknown {
  if (Array.isArray(value)) return value.map((item, at) => escaped(item, remarks.at(at)));
  if (isFields(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escaped(item, remarks.at(key))]));
  }
  if (typeof value !== 'string' || !value.includes('$')) return value;
  const inside = value.replaceAll('${', () => '$${');
  const written = [value, `$${value}`, inside, `$${inside}`].find((text) => {
    const { value: read, issues, substitutions } = resolveVariables(text, {});
    return issues.length === 0 && substitutions.length === 0 && read === value;
  });
  if (written === undefined) remarks.refuse('has "$" signs in a way that can not be written here');
  return written ?? value;
}

/** Methods and paths that a policy is for; undefined: every request. */
function rulesOf({ pointcutData }: AnypointPolicy): readonly Fields[] | undefined {
  const rules: Fields[] = [];
  for (const { methodRegex, uriTemplateRegex } of pointcutData ?? []) {
    rules.push({
      ...(methodRegex !== undefined && methodRegex !== '' && { methods: methodRegex }),
      ...(uriTemplateRegex !== undefined && uriTemplateRegex !== '' && { path: uriTemplateRegex }),
    });
  }
  return rules.length === 0 || rules.some((rule) => Object.keys(rule).length === 0) ? undefined : rules;
}
