import { hash } from 'node:crypto';
import { z } from 'zod';
import { expressionNeeds, compileExpression, expressionOption, headerReads } from '../policy/expression.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Charge } from '../policy/policy.ts';
import { costOf, expressionFault, quotaOptions, refineQuotaOptions, termsOf } from '../policy/quota-options.ts';
import { limitsOf, limitsSchema } from '../quota/limit-schema.ts';
import type { Limit } from '../quota/limit.ts';
import type { QuotaTerms } from '../quota/store.ts';

const options = z
  .strictObject({
    rateLimits: limitsSchema.describe('A request needs quota in all of them'),
    keySelector: expressionOption
      .optional()
      .describe('An expression: requests that select the same value share a quota. Absent: one bucket for the API'),
    ...quotaOptions,
  })
  .superRefine((value, context) => {
    refineQuotaOptions(value, context);
    expressionFault(value.keySelector, 'keySelector', context);
    value.rateLimits.forEach(({ maximumRequests }, i) => {
      if (typeof value.cost !== 'number' || value.cost <= maximumRequests) return;
      const message = `is above the maximumRequests of rateLimits[${i}]: no request could ever pass`;
      context.addIssue({ code: 'custom', path: ['cost'], message });
    });
  });

/** The one bucket of an API without a `keySelector`. */
const EVERYONE = 'all';
/** The bucket of requests for which the selector found nothing. A hash is longer, so no key can be equal to it. */
const WITHOUT_KEY = 'none';

/** Limits requests in windows, all together or by a key (`docs/policies/rate-limiting.md`). */
export default definePolicy({
  name: 'rate-limiting',
  phase: 'quota',
  summary: 'Limits how many requests, or units of cost, pass in a time, for the whole API or for each key',
  options,
  warnings: ({ keySelector, onStoreFailure, blockOnUnknownQuota }) => {
    if (keySelector === undefined || (onStoreFailure !== 'allow' && blockOnUnknownQuota !== false)) return [];
    const field = onStoreFailure === undefined ? 'blockOnUnknownQuota' : 'onStoreFailure';
    const message =
      'lets requests with new keys pass uncounted, without a limit, once as many keys as --max-counters allows have running windows: ' +
      'whoever makes up keys is limited by nothing then. Deny, or select by what callers do not choose';
    return [{ path: [field], message }];
  },
  create(config) {
    const limits = limitsOf(config.rateLimits);
    const selection = config.keySelector === undefined ? undefined : compileExpression(config.keySelector);
    const terms = termsOf(config);
    const cost = costOf(config);
    return {
      phase: 'quota',
      identityHeaders: [],
      exposeHeaders: config.exposeHeaders,
      requires: expressionNeeds({ keySelector: config.keySelector, cost: config.cost }),
      headerReads: headerReads({ keySelector: config.keySelector, cost: config.cost }),
      onStoreFailure: terms.onStoreFailure,
      demand(request) {
        const units = cost(request);
        if (typeof units !== 'number') return units;
        if (selection === undefined) return { key: EVERYONE, limits, cost: units, terms };
        return chargeOf(selection.select(request), limits, units, terms);
      },
      demandFor({ clientId, key }): Charge | undefined {
        if (clientId !== '' && key === '') return undefined;
        if (selection === undefined) return key === '' ? { key: EVERYONE, limits, cost: 1, terms } : undefined;
        return chargeOf(key === '' ? undefined : key, limits, 1, terms);
      },
    };
  },
});

/** Callers choose keys, and may put secrets into them, so only 132 bits of SHA-256 are kept. */
function chargeOf(selected: string | undefined, limits: readonly Limit[], cost: number, terms: QuotaTerms): Charge {
  if (selected === undefined) return { key: WITHOUT_KEY, limits, cost, terms };
  return { key: hash('sha256', selected, 'base64url').slice(0, 22), isKeyChosen: true, limits, cost, terms };
}
