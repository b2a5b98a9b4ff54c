import { isFields } from './remarks.ts';
import type { Fields, Remarks } from './remarks.ts';

const CONDITIONS = ['path', 'methods', 'host', 'headers'];

/** `rules` of a policy; undefined where it always applies. */
export function importRules(fields: Fields, remarks: Remarks): readonly Fields[] | undefined {
  const rules = remarks.list(fields, 'rules');
  const conditions = rules.map((rule, index) => {
    const ofRule = remarks.at('rules', index);
    ofRule.refuseOthers(rule, CONDITIONS);
    if (Array.isArray(rule['methods']))
      ofRule.at('methods').refuse('expected text such as GET|POST, an RE2 expression');
    return Object.fromEntries(Object.entries(rule).filter(([, value]) => !isNothing(value)));
  });
  // One without conditions matches every request, so that the others say nothing.
  if (conditions.length === 0 || conditions.some((rule) => Object.keys(rule).length === 0)) return undefined;
  return conditions;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (isFields(value) && Object.keys(value).length === 0);
}
