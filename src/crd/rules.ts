import { alertRules } from './alert-rules.ts';
import { apiRules } from './api-rules.ts';
import { bindingRules } from './binding-rules.ts';
import { clientRules } from './client-rules.ts';
import { policyRules } from './policy-rules.ts';
import { rules } from './rule.ts';
import type { Additions } from './rule.ts';
import type { SchemaPath, Structural } from './structural.ts';

const additions: Additions = {
  ...apiRules,
  ...policyRules('PolicyBinding spec'),
  'PolicyBinding spec.targetRef': rules(
    { rule: "self.kind != 'Api' || has(self.name)", message: 'name is missing: the name of an Api' },
    { rule: "self.kind != 'Api' || !has(self.selector)", message: 'selector belongs to kind: Selector' },
    { rule: "self.kind != 'Selector' || has(self.selector)", message: 'selector is missing: expected labels' },
    { rule: "self.kind != 'Selector' || !has(self.name)", message: 'name belongs to kind: Api' },
  ),
  ...clientRules,
  ...alertRules,
  ...bindingRules,
};

export function additionsFor(kind: string, path: SchemaPath): Structural {
  return additions[`${kind} ${path}`] ?? {};
}

/** Where rules, bounds or kinds of lists are added: each has to be a place that there is. */
export const placesOfAdditions: readonly string[] = Object.keys(additions);
