import { z } from 'zod';
import { compileExpression, expressionOption } from '../policy/expression.ts';
import type { PolicyRemark, Request } from '../policy/policy.ts';
import { limitsOf, limitsOrUnlimited } from '../quota/limit-schema.ts';
import type { Limit } from '../quota/limit.ts';
import { windowNames } from '../quota/window.ts';

/** The option that gives some requests other limits. */
export const overridesOption = z.strictObject({
  by: expressionOption.describe('An expression: requests for which it selects one of the values below have its limits'),
  limits: z
    .record(z.string().min(1), limitsOrUnlimited)
    .refine((limits) => Object.keys(limits).length > 0, 'names no value')
    .describe('Limits, or unlimited, by value'),
});

export type Overrides = z.infer<typeof overridesOption>;

/** The limits of one request, and a prefix that keeps its counters apart from those of other limits. */
export interface ChosenLimits {
  readonly limits: readonly Limit[];
  /** Precedes the counter's key; empty for the usual limits. */
  readonly prefix: string;
}

/**
 * Chooses limits by a value of the request. If no value is selected, or one without an entry, the usual limits apply.
 * If CEL fails, the strictest of all limits apply, so that a caller gains nothing by making it fail.
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

/** Warns if callers choose the value, since they then choose their quota. */
export function overridesWarnings(written: unknown): readonly PolicyRemark[] {
  const { success, data } = overridesOption.safeParse(written);
  if (!success) return [];
  const { headerName, fromQuery } = compileExpression(data.by);
  if (headerName === undefined && !fromQuery) return [];
  const message =
    'selects what callers choose, who so choose their limits: select a claim, the client, the tier, or a header that an earlier policy sets';
  return [{ path: ['overrides', 'by'], message }];
}

/** Combines limits: every window that any of them has, each with its smallest maximum. */
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
