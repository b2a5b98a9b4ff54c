import { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import type { QuotaTerms } from '../quota/store.ts';
import { compileExpression, expressionOption } from './expression.ts';
import type { ExpressionSource } from './expression.ts';
import type { Request } from './policy.ts';

/** The maximum cost of one request if `maxCost` is not given. */
const DEFAULT_MAX_COST = 1000;

const unitCount = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** The options that all quota policies share. */
export const quotaOptions = {
  exposeHeaders: z.boolean().default(false).describe('Rate headers on an allow too, not only on a 429'),
  clusterizable: z
    .boolean()
    .default(true)
    .describe("true: the quota is the mesh's; false: every replica has the whole quota for itself"),
  quota: z
    .enum(['exact', 'leased'])
    .optional()
    .describe('exact asks the store at every hit; leased spends units debited beforehand. Default: --quota'),
  onStoreFailure: z
    .enum(['deny', 'allow', 'local'])
    .optional()
    .describe("While the store can't tell: 503, pass, or this replica's share of what was last known to remain"),
  blockOnUnknownQuota: z.boolean().optional().describe('true is onStoreFailure: deny (the default), false is allow'),
  cost: z
    .union([unitCount, expressionOption])
    .default(1)
    .describe('Units a request costs: a number, or an expression that selects one'),
  maxCost: unitCount.optional().describe(`The most an expression may select; default ${DEFAULT_MAX_COST}`),
};

type QuotaOptions = z.infer<z.ZodObject<typeof quotaOptions>>;

/** Reports contradictions between the shared options. */
export function refineQuotaOptions(options: QuotaOptions, context: z.RefinementCtx): void {
  const fault = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
  const { onStoreFailure, blockOnUnknownQuota, clusterizable, quota, cost, maxCost } = options;
  if (onStoreFailure !== undefined && blockOnUnknownQuota !== undefined) {
    fault('blockOnUnknownQuota', 'says the same thing as onStoreFailure; remove one of the two');
  }
  if (quota !== undefined && !clusterizable) {
    fault('quota', "has no effect with clusterizable: false, which counts in the replica's memory; remove it");
  }
  if (typeof cost !== 'number') expressionFault(cost, 'cost', context);
  else if (maxCost !== undefined && cost > maxCost) fault('cost', `is above maxCost (${maxCost})`);
}

/**
 * Tells what is wrong with an expression, where something is.
 * @param problemOf more that may be wrong with one that compiles
 */
export function expressionFault(
  source: ExpressionSource | undefined,
  field: string | readonly PropertyKey[],
  context: z.RefinementCtx,
  problemOf?: (source: ExpressionSource) => string | undefined,
): void {
  if (source === undefined) return;
  const path = typeof field === 'string' ? [field] : [...field];
  try {
    compileExpression(source);
    const message = problemOf?.(source);
    if (message !== undefined) context.addIssue({ code: 'custom', path, message });
  } catch (error) {
    context.addIssue({ code: 'custom', path, message: (error as Error).message });
  }
}

export function termsOf({ clusterizable, quota, onStoreFailure, blockOnUnknownQuota }: QuotaOptions): QuotaTerms {
  return {
    scope: clusterizable ? 'mesh' : 'replica',
    onStoreFailure: onStoreFailure ?? (blockOnUnknownQuota === false ? 'allow' : 'deny'),
    ...(quota === undefined ? {} : { quota }),
  };
}

const INTEGER = /^[1-9]\d{0,15}$/;

/** What a request costs, or the denial of a cost that is not an integer from 1 to `maxCost`. */
export function costOf({ cost, maxCost = DEFAULT_MAX_COST }: QuotaOptions): (request: Request) => number | Denial {
  if (typeof cost === 'number') return () => cost;
  const selection = compileExpression(cost);
  return (request) => {
    const selected = selection.select(request);
    const units = selected !== undefined && INTEGER.test(selected) ? Number(selected) : Number.NaN;
    if (units <= maxCost) return units;
    return { reason: 'cost_invalid', detail: `the cost of ${selection.source} is not an integer from 1 to ${maxCost}` };
  };
}
