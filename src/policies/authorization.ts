import { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import { compileCondition } from '../policy/condition.ts';
import type { Condition } from '../policy/condition.ts';
import type { ExpressionFailure } from '../policy/expression-failure.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Outcome, Request } from '../policy/policy.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    access_refused: object;
  }
}

const MAX_RULES = 64;

const condition = z.string().superRefine((source, context) => {
  try {
    compileCondition(source);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const rule = z
  .strictObject({
    description: z.string().min(1).max(200).optional().describe('For people: logs and metadata tell it of a denial'),
    allow: condition
      .optional()
      .describe('A condition in CEL: where it holds the request may pass, unless a deny holds'),
    deny: condition
      .optional()
      .describe('A condition in CEL: where it holds the request is denied, whatever else holds'),
  })
  .refine(({ allow, deny }) => (allow === undefined) !== (deny === undefined), 'expected one of allow and deny');

const options = z.strictObject({
  rules: z
    .array(rule)
    .min(1)
    .max(MAX_RULES)
    .refine((rules) => rules.some(({ allow }) => allow !== undefined), {
      message: 'has no allow, so that every request is denied: add what may pass, or allow: "true" for all else',
    })
    .describe('A request passes where no deny holds and some allow does; their order does not count'),
});

type RuleOptions = z.infer<typeof rule>;

interface Rule {
  readonly effect: 'allow' | 'deny';
  readonly condition: Condition;
  /** How logs and metadata name the rule. */
  readonly name: string;
}

/** Admits requests for which conditions hold (`docs/policies/authorization.md`). */
export default definePolicy({
  name: 'authorization',
  phase: 'access',
  summary: 'Admits requests for which a condition in CEL holds, and none of those that deny',
  options,
  conditionFields: ['allow', 'deny'],
  reasons: {
    access_refused: {
      httpStatus: 403,
      sentence: 'Access is denied.',
      meaning: 'a rule of `authorization` denies the request, none allows it, or a deciding condition fails',
    },
  },
  create(config) {
    const rules = config.rules.map(compiled);
    const denying = rules.filter(({ effect }) => effect === 'deny');
    const allowing = rules.filter(({ effect }) => effect === 'allow');
    return {
      phase: 'access',
      identityHeaders: [],
      conditions: rules.map(({ condition: { reads }, effect }, index) => ({ path: ['rules', index, effect], reads })),
      decide: (request): Outcome => refusalBy(denying, request) ?? admissionBy(allowing, request),
    };
  },
});

function compiled({ description, allow, deny }: RuleOptions, index: number): Rule {
  const effect = allow === undefined ? 'deny' : 'allow';
  const name = description === undefined ? `rules[${index}]` : `rules[${index}] (${description})`;
  return { effect, condition: compileCondition(allow ?? deny ?? ''), name };
}

const PASSES: Outcome = {};

/** A `deny` rule denies if it holds in at least one reading of the request, or if it fails. */
function refusalBy(rules: readonly Rule[], request: Request): Denial | undefined {
  for (const { condition: tested, name } of rules) {
    const truth = tested.test(request, 'some');
    if (truth === true) return refused(`${name} denies`, name);
    if (truth !== false) return refused(`${name} denies, since it fails ${tell(truth, request)}`, name, truth);
  }
  return undefined;
}

/** An `allow` rule allows only if it holds in every reading of the request. If it fails, it allows nothing. */
function admissionBy(rules: readonly Rule[], request: Request): Outcome {
  let failed: { readonly name: string; readonly failure: ExpressionFailure } | undefined;
  for (const { condition: tested, name } of rules) {
    const truth = tested.test(request, 'every');
    if (truth === true) return PASSES;
    if (truth === false) continue;
    tell(truth, request);
    failed ??= { name, failure: truth };
  }
  if (failed === undefined) return refused('no rule allows the request');
  const { name, failure } = failed;
  return refused(`no rule allows the request, and ${name} fails ${failure.message}`, name, failure);
}

function tell(failure: ExpressionFailure, request: Request): string {
  request.expressionFailed(failure);
  return failure.message;
}

/** The most characters of an expression in metadata, since an expression may have thousands. */
const MAX_TOLD = 500;

function refused(detail: string, name?: string, failure?: ExpressionFailure): Denial {
  const metadata = {
    ...(name !== undefined && { authorization_rule: name }),
    ...(failure !== undefined && { authorization_failed: failure.expression.slice(0, MAX_TOLD) }),
  };
  return { reason: 'access_refused', detail, metadata };
}
