import type { Dimension } from '../rollup/slot.ts';

/** The length of periods, and how long their rows are kept. Each level is computed from the one before it. */
export interface Level {
  readonly name: '10s' | '1m' | '1h' | '1d' | '4d';
  readonly periodS: number;
  readonly keepS: number;
  /** The number of periods in a chunk. In a chunk all rows of a series are neighbours, and are added up in one pass. */
  readonly chunkPeriods: number;
  /** In PostgreSQL: the number of chunks in a partition; undefined: there are no partitions. */
  readonly partitionChunks: number | undefined;
  /** Further sums beside those of whole keys. */
  readonly views: readonly View[];
}

/** Sums by fewer dimensions than the whole key, so that a question reads fewer rows. */
export type View = 'api' | 'route' | 'client' | 'reason' | 'edge';

/** From the fewest rows to the most: a question uses the first view that has all of its dimensions. */
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
  // A question about a month reads a third of the rows that it would of days.
  {
    name: '4d',
    periodS: 4 * DAY_S,
    keepS: 396 * DAY_S,
    chunkPeriods: 8,
    partitionChunks: undefined,
    views: ['api', 'route', 'client', 'reason', 'edge'],
  },
] as const satisfies readonly Level[];

/** @param index in {@link LEVELS} */
export function levelAt(index: number): Level {
  const level = LEVELS[index];
  if (level === undefined) throw new RangeError(`there is no level ${index}`);
  return level;
}

/** The name of a table of sums: of whole keys, or of a view. */
export function tableName(level: Level, view?: View): `requests_${string}` {
  return view === undefined ? `requests_${level.name}` : `requests_${level.name}_${view}`;
}

/** The number of the period that contains a moment. */
export function periodOf(level: Level, atS: number): number {
  return Math.floor(atS / level.periodS);
}

export function chunkOf(level: Level, period: number): number {
  return Math.floor(period / level.chunkPeriods);
}

/** The value in the column `view` of `history_series`, where 0 is the whole key. */
export function viewNumber(view: View): number {
  return 1 + Object.keys(VIEWS).indexOf(view);
}
