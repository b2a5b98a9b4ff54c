import type { Condition } from '../policy/condition.ts';
import { compileRules, headersOf } from '../policy/rules.ts';
import type { RuleSource, Rules } from '../policy/rules.ts';
import { headersAmong } from '../policy/selection.ts';
import type { Issue } from './issues.ts';
import type { PolicyFields } from './schema.ts';

/** The rules of a policy or a group; a trusted header that nothing looks at is a misspelling. */
export function compileRuleList(
  { rules: sources, trustedHeaders = [] }: Pick<PolicyFields, 'rules' | 'trustedHeaders'>,
  when: Condition | undefined,
): {
  readonly rules: Rules | undefined;
  readonly issues: readonly Issue[];
} {
  const read = new Set([...(sources?.flatMap(headersOf) ?? []), ...headersAmong(when?.reads ?? [])]);
  const unread = trustedHeaders.flatMap((name, index): readonly Issue[] => {
    if (read.has(name.toLowerCase())) return [];
    return [{ path: ['trustedHeaders', index], at: 'value', message: 'neither rules nor when look at this header' }];
  });
  if (sources === undefined) return { rules: undefined, issues: unread };
  const issues = [...sources.flatMap((source, index) => ruleIssues(source, ['rules', index])), ...unread];
  return { rules: issues.length === 0 ? compileRules(sources) : undefined, issues };
}

/** Each expression is compiled separately, so that each fault has its own place. */
export function ruleIssues({ not = [], ...source }: RuleSource, path: readonly PropertyKey[]): readonly Issue[] {
  const parts: (readonly [path: readonly PropertyKey[], rule: RuleSource])[] = [
    ...(['path', 'methods', 'host'] as const)
      .filter((field) => source[field] !== undefined)
      .map((field) => [[field], { [field]: source[field] }] as const),
    ...Object.entries(source.headers ?? {}).map(
      ([name, expression]) => [['headers', name], { headers: { [name]: expression } }] as const,
    ),
  ];
  const own = parts.flatMap(([field, rule]): readonly Issue[] => {
    try {
      compileRules([rule]);
      return [];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return [{ path: [...path, ...field], at: 'value', message: error.message }];
    }
  });
  return [...own, ...not.flatMap((each, index) => ruleIssues(each, [...path, 'not', index]))];
}

export function trustedOf({ trustedHeaders }: Pick<PolicyFields, 'trustedHeaders'>): ReadonlySet<string> | undefined {
  return trustedHeaders === undefined ? undefined : new Set(trustedHeaders.map((name) => name.toLowerCase()));
}
