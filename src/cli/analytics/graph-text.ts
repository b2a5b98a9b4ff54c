import { GraphNode_Kind as Kind } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GraphEdge, GraphNode } from '../../../gen/ostiary/v1/analytics_pb.js';
import { quotaOf, titleOf } from './graph-names.ts';
import { shown } from './shown.ts';
import { duration, percent, rate, whole } from './units.ts';

/** What stands in a node and at an edge of a drawing: lines, not yet quoted. */
export function nodeText(node: GraphNode): string[] {
  return [shown(titleOf(node)), ...(node.kind === Kind.API ? ['API'] : [])];
}

export function edgeText({ usage, rate: perSecond, contracts }: GraphEdge): string[] {
  const count = Number(usage?.count ?? 0n);
  const part = (of: bigint | undefined, name: string): string[] =>
    of === undefined || of <= 0n || count <= 0 ? [] : [`${percent(Number(of) / count)} ${name}`];
  const time = usage?.durations === undefined ? [] : [`p95 ${duration(usage.durations.p95)}`];
  return [
    `${whole(count)} (${rate(perSecond)}/s)`,
    [...time, ...part(usage?.errors, 'errors'), ...part(usage?.denials, 'denied')].join(', '),
    ...contracts.map((contract) => shown(quotaOf(contract))),
  ].filter((line) => line !== '');
}

export type Tone = 'good' | 'denied' | 'failing';

/** One in a hundred is seen. */
const NOTABLE = 0.01;

export function toneOf({ usage }: GraphEdge): Tone {
  const count = Number(usage?.count ?? 0n);
  if (Number(usage?.errors ?? 0n) > count * NOTABLE) return 'failing';
  return Number(usage?.denials ?? 0n) > count * NOTABLE ? 'denied' : 'good';
}

/** From 1 to 6: a step for each ten times as many requests. */
export function widthOf({ usage }: GraphEdge): number {
  return Math.min(6, 1 + Math.floor(Math.log10(Math.max(1, Number(usage?.count ?? 0n))) * 0.8));
}
