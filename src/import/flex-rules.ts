import { isFields } from './remarks.ts';
import type { Fields, Remarks } from './remarks.ts';

const CONDITIONS = ['path', 'methods', 'host', 'headers'];

/** Imports the `rules` of a policy; undefined if the policy always applies. */
export function importRules(fields: Fields, remarks: Remarks): readonly Fields[] | undefined {
  const rules = remarks.list(fields, 'rules');
  const conditions = rules.map((rule, index) => {
    const ofRule = remarks.at('rules', index);
    ofRule.refuseOthers(rule, CONDITIONS);
    if (Array.isArray(rule['methods']))
      ofRule.at('methods').refuse('expected text such as GET|POST, an RE2 expression');
    return Object.fromEntries(Object.entries(rule).filter(([, value]) => !isNothing(value)));
  });
  // A rule without conditions matches every request, so the other rules have no effect.
  if (conditions.length === 0 || conditions.some((rule) => Object.keys(rule).length === 0)) return undefined;
  return conditions;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (isFields(value) && Object.keys(value).length === 0);
}
