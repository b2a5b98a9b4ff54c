import type { Dimension } from '../rollup/slot.ts';

/** How finely time is cut, and how long that is kept. Each level is made of the one before it. */
export interface Level {
  readonly name: '10s' | '1m' | '1h' | '1d';
  readonly periodS: number;
  readonly keepS: number;
  /** Rows of so many periods lie together: of one chunk all rows of a series are neighbours, and are added up in one pass. */
  readonly chunkPeriods: number;
  /** In PostgreSQL: one partition for so many chunks; undefined: not divided. */
  readonly partitionChunks: number | undefined;
  /** Which sums there are beside those of the whole key. */
  readonly views: readonly View[];
}

/** By fewer dimensions than the whole key, so that a question reads fewer rows. */
export type View = 'api' | 'route' | 'client' | 'reason' | 'edge';

/** From the fewest rows to the most: a question is answered from the first that has its dimensions. */
export const VIEWS: Readonly<Record<View, readonly Dimension[]>> = {
  api: ['api', 'method', 'status', 'outcome'],
  route: ['api', 'route', 'method', 'status', 'outcome'],
  client: ['api', 'client', 'contract', 'tier', 'status', 'outcome'],
  reason: ['api', 'client', 'outcome', 'policy', 'reason'],
  edge: ['api', 'client', 'contract', 'outcome', 'source', 'service'],
};

const DAY_S = 86_400;

export const LEVELS = [
  { name: '10s', periodS: 10, keepS: 7200, chunkPeriods: 60, partitionChunks: 144, views: [] },
  { name: '1m', periodS: 60, keepS: 30 * DAY_S, chunkPeriods: 60, partitionChunks: 24, views: ['api'] },
  {
    name: '1h',
    periodS: 3600,
    keepS: 396 * DAY_S,
    chunkPeriods: 24,
    partitionChunks: 32,
    views: ['api', 'route', 'client', 'reason', 'edge'],
  },
  {
    name: '1d',
    periodS: DAY_S,
    keepS: 396 * DAY_S,
    chunkPeriods: 32,
    partitionChunks: undefined,
    views: ['api', 'route', 'client', 'reason', 'edge'],
  },
] as const satisfies readonly Level[];

/** @param index of {@link LEVELS} */
export function levelAt(index: number): Level {
  const level = LEVELS[index];
  if (level === undefined) throw new RangeError(`there is no level ${index}`);
  return level;
}

/** A table of sums: of the whole key, or of a view. */
export function tableName(level: Level, view?: View): `requests_${string}` {
  return view === undefined ? `requests_${level.name}` : `requests_${level.name}_${view}`;
}

/** Which period of the level a moment is in. */
export function periodOf(level: Level, atS: number): number {
  return Math.floor(atS / level.periodS);
}

export function chunkOf(level: Level, period: number): number {
  return Math.floor(period / level.chunkPeriods);
}

/** In the column `view` of `history_series`, where 0 is the whole key. */
export function viewNumber(view: View): number {
  return 1 + Object.keys(VIEWS).indexOf(view);
}
