import { GraphNode_Kind as Kind, GraphResponseSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GraphContract, GraphEdge, GraphNode, GraphResponse } from '../../../gen/ostiary/v1/analytics_pb.js';
import { ask, commonOf, printJson } from './asking.ts';
import { completenessJson, completenessLine } from './completeness.ts';
import type { Values } from './flags.ts';
import { toDot } from './graph-dot.ts';
import { toMermaid } from './graph-mermaid.ts';
import { quotaOf, titleOf } from './graph-names.ts';
import { table } from './table.ts';
import { isoOf, partOf, timeLine, usageJson } from './usage.ts';
import { duration, rate, whole } from './units.ts';

/** `ostiary analytics graph`. @throws UserError */
export async function printGraph(values: Values): Promise<void> {
  const answer = await ask('Graph', commonOf(values), GraphResponseSchema, values);
  switch (values.output) {
    case 'json':
      return printJson(toJson(answer));
    case 'dot':
      process.stdout.write(toDot(answer));
      break;
    case 'mermaid':
      process.stdout.write(toMermaid(answer));
      break;
    default:
      process.stdout.write(toText(answer));
  }
}

const KINDS: ReadonlyMap<Kind, string> = new Map([
  [Kind.CLIENT, 'client'],
  [Kind.API, 'api'],
  [Kind.SERVICE, 'service'],
  [Kind.WORKLOAD, 'workload'],
]);

function toJson({ since, until, nodes, edges, omitted, completeness }: GraphResponse): object {
  return {
    since: isoOf(since),
    until: isoOf(until),
    nodes: nodes.map(({ id, kind, name }) => ({ id, kind: KINDS.get(kind) ?? '', name })),
    edges: edges.map((edge) => ({
      from: edge.from,
      to: edge.to,
      ratePerSecond: edge.rate,
      ...usageJson(edge.usage),
      ...(edge.contracts.length > 0 && { contracts: edge.contracts.map(contractJson) }),
    })),
    omitted: Number(omitted),
    completeness: completenessJson(completeness),
  };
}

function contractJson({ name, tier, limits, count, quotaDenials }: GraphContract): object {
  return {
    name,
    tier,
    limits: limits.map((limit) => ({
      ...(limit.name !== '' && { name: limit.name }),
      maximumRequests: Number(limit.maximumRequests),
      timePeriodInMilliseconds: Number(limit.timePeriodInMilliseconds),
    })),
    count: Number(count),
    quotaDenials: Number(quotaDenials),
  };
}

function toText({ since, until, nodes, edges, omitted, completeness }: GraphResponse): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const numbers = ['requests', 'a second', 'errors', 'denied', 'p95'].map((title) => ({ title, isNumber: true }));
  const columns = [{ title: 'from' }, { title: '' }, { title: 'to' }, { title: '' }, ...numbers, { title: 'quota' }];
  const lines = [
    edges.length === 0
      ? ''
      : table(
          columns,
          edges.map((edge) => cellsOf(edge, byId)),
        ),
    omitted > 0n ? `${whole(omitted)} more edges, see --limit` : '',
    timeLine(since, until),
    completenessLine(completeness, edges[0]?.usage?.count),
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function cellsOf(
  { from, to, usage, rate: perSecond, contracts }: GraphEdge,
  byId: ReadonlyMap<string, GraphNode>,
): string[] {
  const ends = [byId.get(from), byId.get(to)].flatMap((node) =>
    node === undefined ? ['', ''] : [titleOf(node), KINDS.get(node.kind) ?? ''],
  );
  const count = usage?.count ?? 0n;
  return [
    ...ends,
    whole(count),
    rate(perSecond),
    partOf(usage?.errors ?? 0n, count),
    partOf(usage?.denials ?? 0n, count),
    usage?.durations === undefined ? '–' : duration(usage.durations.p95),
    contracts.map(behindOf).join('; '),
  ];
}

function behindOf(contract: GraphContract): string {
  return `${quotaOf(contract)}${contract.quotaDenials > 0n ? ` (${whole(contract.quotaDenials)} refused)` : ''}`;
}
