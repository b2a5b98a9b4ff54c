import type { MessageInitShape } from '@bufbuild/protobuf';
import { GraphNode_Kind as Kind } from '../../gen/ostiary/v1/analytics_pb.js';
import type { GraphContractSchema, GraphEdgeSchema, GraphNodeSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Contract } from '../contract/contract.ts';
import type { Answer, Condition, Question } from '../rollup/question.ts';
import type { Dimension } from '../rollup/slot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Ask } from './analytics-desk.ts';
import { toLimit } from './limit-message.ts';
import { toUsage } from './usage.ts';

type NodeMessage = MessageInitShape<typeof GraphNodeSchema>;
type EdgeMessage = MessageInitShape<typeof GraphEdgeSchema>;
type ContractMessage = MessageInitShape<typeof GraphContractSchema>;

export interface GraphQuestion extends Pick<Question, 'sinceMs' | 'untilMs' | 'where'> {
  /** The most edges of each kind. */
  readonly most: number;
}

export interface Graph {
  readonly nodes: readonly NodeMessage[];
  readonly edges: readonly EdgeMessage[];
  readonly omitted: bigint;
  /** The total. */
  readonly answer: Answer;
}

const PREFIXES: ReadonlyMap<Kind, string> = new Map([
  [Kind.CLIENT, 'client'],
  [Kind.API, 'api'],
  [Kind.SERVICE, 'service'],
  [Kind.WORKLOAD, 'workload'],
]);

/** A kind of edge: requests that have both values. */
interface EdgeKind {
  readonly from: readonly [Kind, Dimension];
  readonly to: readonly [Kind, Dimension];
  /** A request without the first value has an edge too: its caller is unknown. */
  readonly isFromAnyone?: true;
}

const CLIENT_TO_API: EdgeKind = { from: [Kind.CLIENT, 'client'], to: [Kind.API, 'api'], isFromAnyone: true };
const OTHER_KINDS: readonly EdgeKind[] = [
  { from: [Kind.API, 'api'], to: [Kind.SERVICE, 'service'] },
  { from: [Kind.WORKLOAD, 'source'], to: [Kind.API, 'api'] },
  { from: [Kind.WORKLOAD, 'source'], to: [Kind.SERVICE, 'service'] },
];

/** @param snapshot contains the limits of contracts */
export async function graphOf(asked: GraphQuestion, ask: Ask, snapshot: Snapshot | undefined): Promise<Graph> {
  const drawing = new Drawing();
  const first = await edgesOf(CLIENT_TO_API, asked, ask);
  const contracts = await contractsOf(asked, ask, snapshot);
  drawing.add(CLIENT_TO_API, first, ([client, api]) => contracts.get(pairOf(client, api)));
  for (const kind of OTHER_KINDS) drawing.add(kind, await edgesOf(kind, asked, ask));
  const whole = await ask({ ...asked, by: [], order: 'count', most: 1 });
  return { ...drawing.result(), answer: whole };
}

function edgesOf({ from, to, isFromAnyone }: EdgeKind, asked: GraphQuestion, ask: Ask): Promise<Answer> {
  const present = (dimension: Dimension): Condition => ({ dimension, values: [''], isExcluded: true });
  return ask({
    ...asked,
    where: [...asked.where, present(to[1]), ...(isFromAnyone ? [] : [present(from[1])])],
    by: [from[1], to[1]],
    order: 'count',
  });
}

/** Adds up nodes and edges. */
class Drawing {
  readonly #nodes = new Map<string, NodeMessage>();
  readonly #edges: EdgeMessage[] = [];
  #omitted = 0;

  add(
    { from, to }: EdgeKind,
    { rows, combinations, sinceMs, untilMs }: Answer,
    contractsBehind: (pair: readonly [string, string]) => readonly ContractMessage[] | undefined = () => undefined,
  ): void {
    const seconds = Math.max(1, untilMs - sinceMs) / 1000;
    for (const row of rows) {
      const [first = '', second = ''] = row.values;
      this.#edges.push({
        from: this.#node(from[0], first),
        to: this.#node(to[0], second),
        usage: toUsage(row),
        rate: Math.max(0, row.count) / seconds,
        contracts: [...(contractsBehind([first, second]) ?? [])],
      });
    }
    this.#omitted += Math.max(0, combinations - rows.length);
  }

  result(): Pick<Graph, 'nodes' | 'edges' | 'omitted'> {
    return { nodes: [...this.#nodes.values()], edges: this.#edges, omitted: BigInt(this.#omitted) };
  }

  #node(kind: Kind, name: string): string {
    const id = `${PREFIXES.get(kind)}:${name}`;
    if (!this.#nodes.has(id)) this.#nodes.set(id, { id, kind, name });
    return id;
  }
}

/** By client and API. */
async function contractsOf(
  asked: GraphQuestion,
  ask: Ask,
  snapshot: Snapshot | undefined,
): Promise<ReadonlyMap<string, readonly ContractMessage[]>> {
  const where: readonly Condition[] = [...asked.where, { dimension: 'contract', values: [''], isExcluded: true }];
  const question: Question = { ...asked, where, by: ['client', 'api', 'contract', 'tier'], order: 'count' };
  const used = await ask(question);
  const spent = await ask({
    ...question,
    where: [...where, { dimension: 'reason', values: ['quota_spent'], isExcluded: false }],
    order: 'denials',
  });
  const denials = new Map(spent.rows.map((row) => [JSON.stringify(row.values), row]));
  const inForce = new Map<string, Contract>();
  for (const contract of snapshot?.contracts() ?? []) inForce.set(pairOf(contract.api, contract.name), contract);
  const found = new Map<string, ContractMessage[]>();
  for (const row of used.rows) {
    const [client = '', api = '', name = '', tier = ''] = row.values;
    const document = inForce.get(pairOf(api, name))?.tier;
    const behind = found.get(pairOf(client, api)) ?? [];
    found.set(pairOf(client, api), behind);
    behind.push({
      name,
      tier,
      limits: document?.name === tier ? document.limits.map(toLimit) : [],
      count: BigInt(row.count),
      quotaDenials: BigInt(denials.get(JSON.stringify(row.values))?.denials ?? 0),
    });
  }
  return found;
}

function pairOf(first: string, second: string): string {
  return JSON.stringify([first, second]);
}
