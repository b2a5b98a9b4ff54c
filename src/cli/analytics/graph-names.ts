import { GraphNode_Kind as Kind } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GraphContract, GraphNode } from '../../../gen/ostiary/v1/analytics_pb.js';
import { period, whole } from './units.ts';

export function titleOf({ kind, name }: GraphNode): string {
  return kind === Kind.CLIENT && name === '' ? 'no client application' : name;
}

/** `gold: 1,000 in 1 h`. */
export function quotaOf({ name, tier, limits }: GraphContract): string {
  const each = limits.map(({ maximumRequests, timePeriodInMilliseconds }) => {
    return `${whole(maximumRequests)} in ${period(Number(timePeriodInMilliseconds))}`;
  });
  return `${tier === '' ? name : tier}${each.length === 0 ? '' : `: ${each.join(', ')}`}`;
}
