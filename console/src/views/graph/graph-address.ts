import type { Kind, SceneNode } from './scene.ts';

/** What is asked for beside time and filters, as the address has it. */
export interface Asked {
  readonly team: string;
  readonly minRate: number;
  readonly isOfErrors: boolean;
  /** The id of a node; empty: everything. */
  readonly around: string;
  readonly steps: number;
  readonly limit: number;
  readonly view: 'map' | 'list';
  /** The id of the node or the edge that is open. */
  readonly chosen: string;
}

export const RATES: readonly number[] = [0, 0.01, 0.1, 1, 10, 100];
export const EDGES: readonly number[] = [50, 200, 1000];
const MOST_STEPS = 5;

/** @param isNarrow the list is easier to read then */
export function askedOf(query: URLSearchParams, isNarrow: boolean): Asked {
  const steps = Number(query.get('steps') ?? 1);
  const view = query.get('view') ?? (isNarrow ? 'list' : 'map');
  const around = query.get('around') ?? '';
  return {
    team: query.get('team') ?? '',
    minRate: RATES.find((each) => String(each) === query.get('min')) ?? 0,
    isOfErrors: query.get('errors') === '1',
    around: nodeNamed(around) === undefined ? '' : around,
    steps: Number.isInteger(steps) && steps >= 1 && steps <= MOST_STEPS ? steps : 1,
    limit: EDGES.find((each) => String(each) === query.get('edges')) ?? 50,
    view: view === 'list' ? 'list' : 'map',
    chosen: query.get('sel') ?? '',
  };
}

const KINDS: readonly Kind[] = ['client', 'api', 'service', 'workload'];

/** @returns undefined: it is the id of no node */
export function nodeNamed(id: string): Pick<SceneNode, 'kind' | 'name'> | undefined {
  const kind = KINDS.find((each) => id.startsWith(`${each}:`));
  return kind && { kind, name: id.slice(kind.length + 1) };
}
