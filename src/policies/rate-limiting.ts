import { hash } from 'node:crypto';
import { z } from 'zod';
import { expressionNeeds, expressionOption, headerReads } from '../policy/expression.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Charge } from '../policy/policy.ts';
import { costOf, expressionFault, quotaOptions, refineQuotaOptions, termsOf } from '../policy/quota-options.ts';
import { compileKey, keyParts, keysByAddress } from '../policy/quota-key.ts';
import { upgrade } from '../policy/upgrade-note.ts';
import { limitsOf, limitsOrUnlimited } from '../quota/limit-schema.ts';
import type { QuotaTerms } from '../quota/store.ts';
import { chooseLimits, overridesOption, overridesWarnings } from './rate-limiting-overrides.ts';
import type { ChosenLimits } from './rate-limiting-overrides.ts';

const MAX_KEY_PARTS = 8;
/**
 * A site, a subscriber or a virtual machine usually has a network of this prefix length, and can use every address in
 * it.
 */
const DEFAULT_IPV6_PREFIX = 64;

const options = z
  .strictObject({
    rateLimits: limitsOrUnlimited.describe('A request needs quota in all of them; unlimited: in none'),
    keySelector: z
      .union([expressionOption, z.array(expressionOption).min(1).max(MAX_KEY_PARTS)])
      .optional()
      .describe(
        'An expression, or several: requests that select the same values share a quota. Absent: one bucket for the API',
      ),
    ipv6PrefixLength: z
      .int()
      .min(32)
      .max(128)
      .default(DEFAULT_IPV6_PREFIX)
      .describe("Bits of an IPv6 address that count where keySelector selects the caller's address"),
    overrides: overridesOption.optional().describe('Other limits for some requests'),
    ...quotaOptions,
  })
  .superRefine((value, context) => {
    refineQuotaOptions(value, context);
    for (const [path, source] of keyParts(value.keySelector))
      expressionFault(source, ['keySelector', ...path], context);
    expressionFault(value.overrides?.by, ['overrides', 'by'], context);
    if (value.rateLimits === 'unlimited') return;
    value.rateLimits.forEach(({ maximumRequests }, i) => {
      if (typeof value.cost !== 'number' || maximumRequests <= 0 || value.cost <= maximumRequests) return;
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
  upgradeNotes: ({ keySelector, ipv6PrefixLength, overrides }) => {
    // Lists, CEL and overrides did not exist in 0.1.
    if (typeof keySelector !== 'string' || overrides !== undefined || ipv6PrefixLength !== undefined) return [];
    if (!keysByAddress(keySelector)) return [];
    const message =
      'is not set, so all IPv6 addresses of one /64 share a quota, since a caller mostly has them all; set it to 64 to keep this, or to 128 for the behaviour of 0.1';
    return [upgrade('ipv6-prefix', ['ipv6PrefixLength'], message)];
  },
  warnings: ({ keySelector, onStoreFailure, blockOnUnknownQuota, overrides }) => {
    const remarks = overridesWarnings(overrides);
    if (keySelector === undefined || (onStoreFailure !== 'allow' && blockOnUnknownQuota !== false)) return remarks;
    const field = onStoreFailure === undefined ? 'blockOnUnknownQuota' : 'onStoreFailure';
    const message =
      'lets requests with new keys pass uncounted, without a limit, once as many keys as --max-counters allows have running windows: ' +
      'whoever makes up keys is limited by nothing then. Deny, or select by what callers do not choose';
    return [...remarks, { path: [field], message }];
  },
  create(config) {
    const limits = limitsOf(config.rateLimits);
    const keyOf =
      config.keySelector === undefined ? undefined : compileKey(config.keySelector, config.ipv6PrefixLength);
    const choose = chooseLimits(limits, config.overrides);
    const terms = termsOf(config);
    const cost = costOf(config);
    const expressions: Readonly<Record<string, unknown>>[] = [
      ...keyParts(config.keySelector).map(([, keySelector]) => ({ keySelector })),
      { overrides: config.overrides?.by, cost: config.cost },
    ];
    return {
      phase: 'quota',
      identityHeaders: [],
      exposeHeaders: config.exposeHeaders,
      requires: expressions.flatMap(expressionNeeds),
      headerReads: expressions.flatMap(headerReads),
      onStoreFailure: terms.onStoreFailure,
      demand(request) {
        const units = cost(request);
        if (typeof units !== 'number') return units;
        const chosen = choose(request);
        if (keyOf === undefined) return { key: chosen.prefix + EVERYONE, limits: chosen.limits, cost: units, terms };
        return chargeOf(keyOf(request), chosen, units, terms);
      },
      demandFor({ clientId, key }): Charge | undefined {
        if (limits.length === 0 || (clientId !== '' && key === '')) return undefined;
        if (keyOf === undefined) return key === '' ? { key: EVERYONE, limits, cost: 1, terms } : undefined;
        return chargeOf(key === '' ? undefined : key, { limits, prefix: '' }, 1, terms);
      },
    };
  },
});

/** Hashes the key to 132 bits of SHA-256, because callers choose keys and may put secrets into them. */
function chargeOf(
  selected: string | undefined,
  { limits, prefix }: ChosenLimits,
  cost: number,
  terms: QuotaTerms,
): Charge {
  if (selected === undefined) return { key: prefix + WITHOUT_KEY, limits, cost, terms };
  const key = prefix + hash('sha256', selected, 'base64url').slice(0, 22);
  return { key, isKeyChosen: true, limits, cost, terms };
}
