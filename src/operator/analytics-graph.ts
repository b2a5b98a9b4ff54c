import { setImmediate as pause } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { GraphNode_Kind as Kind } from '../../gen/ostiary/v1/analytics_pb.js';
import type { GraphContractSchema, GraphEdgeSchema, GraphNodeSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Answer, Condition, Question } from '../rollup/question.ts';
import type { Ask } from './analytics-desk.ts';
import { edgesOf } from './graph-edges.ts';
import type { FoundEdge } from './graph-edges.ts';
import { CLIENT_TO_API, idOf, isElsewhere } from './graph-kinds.ts';
import type { NodeKind } from './graph-kinds.ts';
import { placeNodes } from './graph-places.ts';
import type { GraphQuestion } from './graph-question.ts';
import type { GraphSurroundings } from './graph-surroundings.ts';
import { toLimit } from './limit-message.ts';
import { toUsage } from './usage.ts';

type NodeMessage = MessageInitShape<typeof GraphNodeSchema>;
type EdgeMessage = MessageInitShape<typeof GraphEdgeSchema>;
type ContractMessage = MessageInitShape<typeof GraphContractSchema>;

export interface Graph {
  readonly nodes: NodeMessage[];
  readonly edges: EdgeMessage[];
  readonly omitted: bigint;
  /** The total. */
  readonly answer: Answer;
}

const LAYERS: ReadonlyMap<Kind, number> = new Map([
  [Kind.CLIENT, 0],
  [Kind.WORKLOAD, 0],
  [Kind.API, 1],
  [Kind.SERVICE, 2],
]);
const LAYER_ELSEWHERE = 3;
/** Edges whose percentiles are computed without a pause. */
const EDGES_A_TURN = 100;

interface Node {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly external: boolean;
}

export async function graphOf(asked: GraphQuestion, ask: Ask, surroundings: GraphSurroundings): Promise<Graph> {
  const { edges: found, omitted } = await edgesOf(asked, ask);
  const contracts = await contractsBehind(found, asked, ask, surroundings);
  const nodes = new Map<string, Node>();
  const take = (of: NodeKind, name: string): string => {
    const id = idOf(of, name);
    if (!nodes.has(id)) {
      const { kind } = of;
      nodes.set(id, { id, kind, name, external: kind === Kind.SERVICE && isElsewhere(name) });
    }
    return id;
  };
  const edges: EdgeMessage[] = [];
  for (const [at, { kind, from, to, row, rate }] of found.entries()) {
    if (at % EDGES_A_TURN === EDGES_A_TURN - 1) await pause();
    const behind = kind === CLIENT_TO_API ? (contracts.get(pairOf(from, to)) ?? []) : [];
    edges.push({ from: take(kind.from, from), to: take(kind.to, to), usage: toUsage(row), rate, contracts: behind });
  }
  const { sinceMs, untilMs, where } = asked;
  const answer = await ask({ sinceMs, untilMs, where, by: [], order: 'count', most: 1 });
  return {
    nodes: await messagesOf([...nodes.values()], edges, asked, surroundings),
    edges,
    omitted: BigInt(omitted),
    answer,
  };
}

async function messagesOf(
  nodes: readonly Node[],
  edges: readonly EdgeMessage[],
  { isPlaced }: GraphQuestion,
  { teams }: GraphSurroundings,
): Promise<NodeMessage[]> {
  const layerOf = ({ kind, external }: Node): number => (external ? LAYER_ELSEWHERE : (LAYERS.get(kind) ?? 0));
  const places = isPlaced
    ? await placeNodes(
        nodes.map((node) => ({ id: node.id, layer: layerOf(node) })),
        edges.map(({ from = '', to = '' }) => ({ from, to })),
        pause,
      )
    : undefined;
  return nodes.map((node) => {
    const { id, kind, name, external } = node;
    const isTeams = kind === Kind.API || kind === Kind.CLIENT;
    const team = isTeams ? teams?.of(kind === Kind.API ? 'api' : 'client', name) : undefined;
    const place = places?.get(id);
    return { id, kind, name, external, team: team ?? '', ...(place !== undefined && { place }) };
  });
}

/** The contracts that were used between each client application and API. */
async function contractsBehind(
  found: readonly FoundEdge[],
  { sinceMs, untilMs, most, ...asked }: GraphQuestion,
  ask: Ask,
  surroundings: GraphSurroundings,
): Promise<ReadonlyMap<string, ContractMessage[]>> {
  const edges = found.filter(({ kind }) => kind === CLIENT_TO_API);
  const pairs = new Map(edges.map(({ from, to }): [string, ContractMessage[]] => [pairOf(from, to), []]));
  if (pairs.size === 0) return pairs;
  const anyOf = (dimension: 'api' | 'client', values: readonly string[]): Condition => ({
    dimension,
    values: [...new Set(values)],
    isExcluded: false,
  });
  const where: readonly Condition[] = [
    ...asked.where,
    { dimension: 'contract', values: [''], isExcluded: true },
    // Whatever else narrows the edges, narrows the contracts behind them.
    ...(asked.around !== undefined || asked.minRate > 0 || asked.isOfErrors
      ? [
          anyOf(
            'client',
            edges.map(({ from }) => from),
          ),
          anyOf(
            'api',
            edges.map(({ to }) => to),
          ),
        ]
      : []),
  ];
  const question: Question = {
    sinceMs,
    untilMs,
    most,
    where,
    by: ['client', 'api', 'contract', 'tier'],
    order: 'count',
  };
  const used = await ask(question);
  const spent = await ask({
    ...question,
    where: [...where, { dimension: 'reason', values: ['quota_spent'], isExcluded: false }],
    order: 'denials',
  });
  const denials = new Map(spent.rows.map((row) => [JSON.stringify(row.values), row.denials]));
  const rows = used.rows.filter(({ values: [client = '', api = ''] }) => pairs.has(pairOf(client, api)));
  const limits = await surroundings.limitsOf(
    rows.map(({ values: [, api = '', name = '', tier = ''] }) => ({ api, name, tier })),
  );
  for (const [at, { values, count }] of rows.entries()) {
    const [client = '', api = '', name = '', tier = ''] = values;
    pairs.get(pairOf(client, api))?.push({
      name,
      tier,
      limits: (limits[at] ?? []).map(toLimit),
      count: BigInt(count),
      quotaDenials: BigInt(denials.get(JSON.stringify(values)) ?? 0),
    });
  }
  return pairs;
}

function pairOf(first: string, second: string): string {
  return JSON.stringify([first, second]);
}
