import { policyKinds } from '../policies/index.ts';
import { rules } from './rule.ts';
import type { Additions } from './rule.ts';
import type { Structural } from './structural.ts';

/** As documents have it: an empty mapping of headers is no condition, and makes one of nothing else. */
const conditionRule = (others: string): string =>
  `has(self.headers) ? size(self.headers) > 0 : (has(self.path) || has(self.methods) || has(self.host) || has(self.absentHeaders)${others})`;

/** That a condition on requests has something to compare. */
export const HAS_CONDITION = conditionRule('');

const KINDS_OF_POLICIES: Structural = { enum: [...policyKinds.keys()] };

/** Of an API's own policy and of a binding. */
export function policyRules(place: string): Additions {
  return {
    [place]: {
      ...rules(
        {
          rule: 'has(self.policyRef) || has(self.authentication)',
          message: 'policyRef is missing: expected the kind of policy, or authentication',
        },
        {
          rule: '!has(self.policyRef) || !has(self.authentication)',
          message: 'policyRef contradicts authentication: move it among the alternatives',
        },
      ),
      // What is in config is not known to CEL: no option belongs beside authentication.
      anyOf: [{ not: { required: ['authentication'] } }, { properties: { config: { maxProperties: 0 } } }],
    },
    [`${place}.policyRef.name`]: KINDS_OF_POLICIES,
    [`${place}.authentication.anyOf[].policyRef.name`]: KINDS_OF_POLICIES,
    [`${place}.authentication.anyOf[].allOf[].policyRef.name`]: KINDS_OF_POLICIES,
    [`${place}.authentication.anyOf[]`]: rules({
      rule: 'has(self.allOf) ? !has(self.policyRef) && !has(self.name) && !has(self.config) : has(self.policyRef)',
      message: 'expected policyRef with its config, or allOf alone',
    }),
    [`${place}.rules[]`]: rules({
      rule: conditionRule(' || has(self.not)'),
      message: 'a rule without conditions matches every request: leave "rules" out instead',
    }),
    [`${place}.rules[].not[]`]: rules({
      rule: HAS_CONDITION,
      message: 'without conditions it exempts every request',
    }),
  };
}
