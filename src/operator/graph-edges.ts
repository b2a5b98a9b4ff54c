import type { AnswerRow, Condition, Question } from '../rollup/question.ts';
import type { Dimension } from '../rollup/slot.ts';
import type { Ask } from './analytics-desk.ts';
import { EDGE_KINDS, idOf } from './graph-kinds.ts';
import type { EdgeKind, NodeKind } from './graph-kinds.ts';
import type { GraphQuestion } from './graph-question.ts';

export interface FoundEdge {
  readonly kind: EdgeKind;
  /** Names of its ends. */
  readonly from: string;
  readonly to: string;
  readonly row: AnswerRow;
  /** Requests a second. */
  readonly rate: number;
}

export interface FoundEdges {
  /** Of each kind, those with the highest rank first. */
  readonly edges: readonly FoundEdge[];
  /** How many there are beyond the most, at most. */
  readonly omitted: number;
}

/** The edges that a question asks for. */
export function edgesOf(asked: GraphQuestion, ask: Ask): Promise<FoundEdges> {
  return asked.around === undefined ? allEdges(asked, ask) : edgesAround(asked, asked.around, ask);
}

async function allEdges(asked: GraphQuestion, ask: Ask): Promise<FoundEdges> {
  const edges: FoundEdge[] = [];
  let omitted = 0;
  for (const kind of EDGE_KINDS) {
    const found = await edgesOfKind(kind, asked, [], ask);
    edges.push(...found.edges);
    omitted += found.omitted;
  }
  return { edges, omitted };
}

/** What is at most so many steps from a node: whoever calls it and whom it calls, and so on from those. */
async function edgesAround(
  asked: GraphQuestion,
  { of, name, steps }: NonNullable<GraphQuestion['around']>,
  ask: Ask,
): Promise<FoundEdges> {
  const known = new Set([idOf(of, name)]);
  const found = new Map<string, FoundEdge>();
  let omitted = 0;
  let reached = new Map<NodeKind, string[]>([[of, [name]]]);
  for (let step = 0; step < steps && reached.size > 0; step += 1) {
    const next = new Map<NodeKind, string[]>();
    const visit = (node: NodeKind, visited: string): void => {
      const id = idOf(node, visited);
      if (known.has(id)) return;
      known.add(id);
      const names = next.get(node);
      if (names === undefined) next.set(node, [visited]);
      else names.push(visited);
    };
    for (const kind of EDGE_KINDS) {
      const touching = touchingOf(kind, reached);
      if (touching === undefined) continue;
      const some = await edgesOfKind(kind, asked, [touching], ask);
      omitted += some.omitted;
      for (const edge of some.edges) {
        found.set(JSON.stringify([idOf(kind.from, edge.from), idOf(kind.to, edge.to)]), edge);
        visit(kind.from, edge.from);
        visit(kind.to, edge.to);
      }
    }
    reached = next;
  }
  const edges = EDGE_KINDS.flatMap((kind) => {
    const own = [...found.values()].filter((edge) => edge.kind === kind);
    const ranked = own.toSorted((a, b) => rankOf(b, asked) - rankOf(a, asked));
    omitted += Math.max(0, ranked.length - asked.most);
    return ranked.slice(0, asked.most);
  });
  return { edges, omitted };
}

function rankOf({ row }: FoundEdge, { isOfErrors }: GraphQuestion): number {
  return isOfErrors ? row.errors : row.count;
}

/** The condition of requests at one of these nodes; undefined: none of them is an end of such an edge. */
function touchingOf({ from, to }: EdgeKind, reached: ReadonlyMap<NodeKind, readonly string[]>): Condition | undefined {
  const at = (node: NodeKind): Condition | undefined => {
    const values = reached.get(node);
    return values && { dimension: node.dimension, values, isExcluded: false };
  };
  const [first, second] = [at(from), at(to)];
  if (first === undefined || second === undefined) return first ?? second;
  return { ...first, or: second };
}

async function edgesOfKind(
  kind: EdgeKind,
  asked: GraphQuestion,
  more: readonly Condition[],
  ask: Ask,
): Promise<FoundEdges> {
  const { sinceMs, untilMs, most, minRate, isOfErrors } = asked;
  const { from, to, isFromAnyone } = kind;
  const present = (dimension: Dimension): Condition => ({ dimension, values: [''], isExcluded: true });
  const question: Question = {
    sinceMs,
    untilMs,
    most,
    where: [...asked.where, ...more, present(to.dimension), ...(isFromAnyone ? [] : [present(from.dimension)])],
    by: [from.dimension, to.dimension],
    order: isOfErrors ? 'errors' : 'count',
  };
  const answer = await ask(question);
  const seconds = Math.max(1, answer.untilMs - answer.sinceMs) / 1000;
  const edges = answer.rows.flatMap((row): readonly FoundEdge[] => {
    const rate = Math.max(0, row.count) / seconds;
    if (rate < minRate || (isOfErrors && row.errors <= 0)) return [];
    const [first = '', second = ''] = row.values;
    return [{ kind, from: first, to: second, row, rate }];
  });
  // Those that are not listed rank below the last that is.
  const isCut = edges.length === answer.rows.length || (isOfErrors && minRate > 0);
  return { edges, omitted: isCut ? Math.max(0, answer.combinations - answer.rows.length) : 0 };
}
