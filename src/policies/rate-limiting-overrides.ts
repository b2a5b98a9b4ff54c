import { z } from 'zod';
import { compileExpression, expressionOption } from '../policy/expression.ts';
import type { PolicyRemark, Request } from '../policy/policy.ts';
import { limitsOf, limitsOrUnlimited } from '../quota/limit-schema.ts';
import type { Limit } from '../quota/limit.ts';
import { windowNames } from '../quota/window.ts';

/** The option by which some requests have limits of their own. */
export const overridesOption = z.strictObject({
  by: expressionOption.describe('An expression: requests for which it selects one of the values below have its limits'),
  limits: z
    .record(z.string().min(1), limitsOrUnlimited)
    .refine((limits) => Object.keys(limits).length > 0, 'names no value')
    .describe('Limits, or unlimited, by value'),
});

export type Overrides = z.infer<typeof overridesOption>;

/** The limits of one request, and what its counters are told apart by from those of other limits. */
export interface ChosenLimits {
  readonly limits: readonly Limit[];
  /** Before the key; empty for the limits of everybody. */
  readonly prefix: string;
}

/**
 * Chooses limits by a value of the request. Where no value is selected, or another one, the usual limits hold. Where CEL
 * fails, the strictest of all hold: who can make it fail gains nothing.
 */
export function chooseLimits(
  usual: readonly Limit[],
  overrides: Overrides | undefined,
): (request: Request) => ChosenLimits {
  const everybody: ChosenLimits = { limits: usual, prefix: '' };
  if (overrides === undefined) return () => everybody;
  const selection = compileExpression(overrides.by);
  const isCel = typeof overrides.by !== 'string';
  const byValue = new Map<string, ChosenLimits>();
  for (const [value, written] of Object.entries(overrides.limits)) {
    byValue.set(value, { limits: limitsOf(written), prefix: `=${value}:` });
  }
  const every = [usual, ...Array.from(byValue.values(), ({ limits }) => limits)];
  const strictest: ChosenLimits = { limits: strictestOf(every), prefix: '!:' };
  return (request) => {
    const value = selection.select(request);
    if (value !== undefined) return byValue.get(value) ?? everybody;
    return isCel ? strictest : everybody;
  };
}

/** What callers choose is no ground for more quota. */
export function overridesWarnings(written: unknown): readonly PolicyRemark[] {
  const { success, data } = overridesOption.safeParse(written);
  if (!success) return [];
  const { headerName, fromQuery } = compileExpression(data.by);
  if (headerName === undefined && !fromQuery) return [];
  const message =
    'selects what callers choose, who so choose their limits: select a claim, the client, the tier, or a header that an earlier policy sets';
  return [{ path: ['overrides', 'by'], message }];
}

/** Every window that one of them has, each with the smallest maximum that it has in any. */
function strictestOf(every: readonly (readonly Limit[])[]): readonly Limit[] {
  const smallest = new Map<string, Limit>();
  for (const limits of every) {
    for (const [index, name] of windowNames(limits).entries()) {
      const limit = limits[index] as Limit;
      const known = smallest.get(name);
      if (known === undefined || limit.maximumRequests < known.maximumRequests) smallest.set(name, limit);
    }
  }
  return [...smallest.values()];
}
