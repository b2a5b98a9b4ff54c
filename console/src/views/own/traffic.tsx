import type { JSX } from 'preact';
import type { QueryResponseJson, UsageJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { useCall } from '../../api/use-call.ts';
import type { Called } from '../../api/use-call.ts';
import { queryRequests } from './own-methods.ts';

const HOURS = 24;
const WIDTH = 96;
const HEIGHT = 22;

/** Traffic of the last day by API, in hours. */
export interface Traffic {
  readonly count: number;
  readonly errors: number;
  readonly denials: number;
  /** Requests by hour, the oldest first. */
  readonly hours: readonly number[];
}

/** @param apis as analytics call them; at most a page of them */
export function useTraffic(apis: readonly string[]): Called<QueryResponseJson> {
  const request = {
    time: { last: `${HOURS * 3600}s` },
    where: [{ dimension: 'api', values: [...apis] }],
    by: ['api'],
    step: '3600s',
    limit: 1000,
  };
  return useCall(queryRequests, apis.length === 0 ? undefined : request);
}

export function trafficByApi({ rows = [], since }: QueryResponseJson): ReadonlyMap<string, Traffic> {
  const from = Date.parse(since ?? '');
  const found = new Map<string, { count: number; errors: number; denials: number; hours: number[] }>();
  for (const { start, usage, values = [] } of rows) {
    const api = values[0] ?? '';
    const known = found.get(api) ?? { count: 0, errors: 0, denials: 0, hours: Array.from({ length: HOURS }, () => 0) };
    known.count += numberOf(usage, 'count');
    known.errors += numberOf(usage, 'errors');
    known.denials += numberOf(usage, 'denials');
    const hour = Math.min(HOURS - 1, Math.max(0, Math.floor((Date.parse(start ?? '') - from) / 3_600_000)));
    if (Number.isInteger(hour)) known.hours[hour] = (known.hours[hour] ?? 0) + numberOf(usage, 'count');
    found.set(api, known);
  }
  return found;
}

function numberOf(usage: UsageJson | undefined, field: 'count' | 'errors' | 'denials'): number {
  return Number(usage?.[field] ?? 0);
}

/** A line of the last day, for the eye alone: the number stands beside it. */
export function Spark({ hours }: { readonly hours: readonly number[] }): JSX.Element {
  const most = Math.max(1, ...hours);
  const points = hours.map((each, at) => {
    const x = (at / Math.max(1, hours.length - 1)) * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - 2 - (each / most) * (HEIGHT - 4)).toFixed(1)}`;
  });
  return (
    <svg class="own-spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline points={points.join(' ')} fill="none" stroke="currentColor" stroke-width="1.5" />
    </svg>
  );
}

export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const share = (part / whole) * 100;
  return `${share >= 10 || share === 0 ? share.toFixed(0) : share.toFixed(share < 0.1 ? 2 : 1)} %`;
}

export function count(value: number | undefined): string {
  return (value ?? 0).toLocaleString('en');
}
