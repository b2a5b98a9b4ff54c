import type { GraphRequest } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Condition, Question } from '../rollup/question.ts';
import { conditionsOf, HOUR_MS, limitOf } from './analytics-question.ts';
import { NODE_KINDS, nodeOf } from './graph-kinds.ts';
import type { NodeKind } from './graph-kinds.ts';
import type { GraphSurroundings } from './graph-surroundings.ts';
import { invalid, spanOf } from './time-range.ts';

export interface GraphQuestion extends Pick<Question, 'sinceMs' | 'untilMs' | 'where'> {
  /** The most edges of each kind. */
  readonly most: number;
  /** Requests a second. */
  readonly minRate: number;
  readonly isOfErrors: boolean;
  /** Absent: everything. */
  readonly around?: { readonly of: NodeKind; readonly name: string; readonly steps: number };
  readonly isPlaced: boolean;
}

const USUAL_EDGES = 50;
const MOST_EDGES = 1000;
const MOST_STEPS = 5;
/** No name has a slash at its beginning. */
const NOTHING = '/';

/** @throws RpcError INVALID_ARGUMENT that names the field and what it may be */
export function graphQuestionOf(request: GraphRequest, nowMs: number, { teams }: GraphSurroundings): GraphQuestion {
  const { team, minRate, errorsOnly, around: id, steps, layout } = request;
  const span = spanOf(request.time, nowMs, HOUR_MS);
  const where = conditionsOf(request.where);
  if (!(minRate >= 0) || minRate === Infinity) throw invalid('min_rate: expected requests a second, 0 or more');
  if (team !== '') {
    if (teams === undefined) throw invalid('team: one sidecar does not know of teams: ask the control plane');
    where.push(ofTeam(teams.names(team)));
  }
  const around = id === '' ? undefined : nodeOf(id);
  if (id !== '' && around === undefined) {
    const kinds = NODE_KINDS.map(({ prefix }) => `${prefix}:NAME`).join(', ');
    throw invalid(`around: no node is called ${JSON.stringify(id)}: expected ${kinds}`);
  }
  if (around === undefined && steps !== 0) throw invalid('steps: around which node? Give around as well');
  if (steps > MOST_STEPS) throw invalid(`steps: expected at most ${MOST_STEPS}`);
  return {
    ...span,
    where,
    most: limitOf(request.limit, USUAL_EDGES, MOST_EDGES),
    minRate,
    isOfErrors: errorsOnly,
    ...(around !== undefined && { around: { ...around, steps: Math.max(1, steps) } }),
    isPlaced: layout,
  };
}

/** Requests to its APIs, and those of its client applications. */
function ofTeam({
  apis,
  clients,
}: {
  readonly apis: readonly string[];
  readonly clients: readonly string[];
}): Condition {
  const valuesOf = (names: readonly string[]): readonly string[] => (names.length === 0 ? [NOTHING] : names);
  return {
    dimension: 'api',
    values: valuesOf(apis),
    isExcluded: false,
    or: { dimension: 'client', values: valuesOf(clients), isExcluded: false },
  };
}
