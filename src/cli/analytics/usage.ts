import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Usage } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { Column } from './table.ts';
import { bytes, duration, moment, shortPercent, whole } from './units.ts';

const USAGE_COLUMNS: readonly Column[] = [
  { title: 'requests', isNumber: true },
  { title: 'errors', isNumber: true },
  { title: 'denied', isNumber: true },
  { title: 'p50', isNumber: true, spare: 1 },
  { title: 'p95', isNumber: true },
  { title: 'p99', isNumber: true, spare: 2 },
  { title: 'sent', isNumber: true, spare: 3 },
];

/** The columns of what was counted. A column that only a ranking needs is shown only with it. */
export function usageColumns(rankBy: string): readonly Column[] {
  if (rankBy === 'duration') return [...USAGE_COLUMNS, { title: 'mean', isNumber: true }];
  return rankBy === 'bytes' ? [...USAGE_COLUMNS, { title: 'received', isNumber: true }] : USAGE_COLUMNS;
}

/** A text for each of {@link usageColumns}. */
export function usageCells(usage: Usage | undefined, rankBy: string): string[] {
  const durations = usage?.durations;
  const count = usage?.count ?? 0n;
  return [
    whole(count),
    partOf(usage?.errors ?? 0n, count),
    partOf(usage?.denials ?? 0n, count),
    ...[durations?.p50, durations?.p95, durations?.p99].map(durationText),
    bytes(Number(usage?.responseBytes ?? 0n)),
    ...(rankBy === 'duration' ? [durationText(durations?.mean)] : []),
    ...(rankBy === 'bytes' ? [bytes(Number(usage?.requestBytes ?? 0n))] : []),
  ];
}

function durationText(ms: number | undefined): string {
  return ms === undefined ? '–' : duration(ms);
}

/** `12 (1.2 %)`; `0`. */
export function partOf(part: bigint, count: bigint): string {
  if (part === 0n || count <= 0n) return whole(part);
  return `${whole(part)} (${shortPercent(Number(part) / Number(count))})`;
}

export interface UsageJson {
  readonly count: number;
  readonly errors: number;
  readonly denials: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Absent: no duration is known. */
  readonly durationMs?: { readonly mean: number; readonly p50: number; readonly p95: number; readonly p99: number };
  readonly policyMs?: number;
}

export function usageJson(usage: Usage | undefined): UsageJson {
  const durations = usage?.durations;
  return {
    count: Number(usage?.count ?? 0n),
    errors: Number(usage?.errors ?? 0n),
    denials: Number(usage?.denials ?? 0n),
    requestBytes: Number(usage?.requestBytes ?? 0n),
    responseBytes: Number(usage?.responseBytes ?? 0n),
    ...(durations && {
      durationMs: {
        mean: micros(durations.mean),
        p50: micros(durations.p50),
        p95: micros(durations.p95),
        p99: micros(durations.p99),
      },
      policyMs: micros(durations.policyMean),
    }),
  };
}

/** To a thousandth: what is behind that is not measured. */
function micros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

export const USAGE_FIELDS = [
  'count',
  'errors',
  'denials',
  'request_bytes',
  'response_bytes',
  'mean_ms',
  'p50_ms',
  'p95_ms',
  'p99_ms',
] as const;

/** A value for each of {@link USAGE_FIELDS}. */
export function usageFields(usage: Usage | undefined): (number | undefined)[] {
  const { count, errors, denials, requestBytes, responseBytes, durationMs } = usageJson(usage);
  const { mean, p50, p95, p99 } = durationMs ?? {};
  return [count, errors, denials, requestBytes, responseBytes, mean, p50, p95, p99];
}

export function msOf(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}

export function isoOf(timestamp: Timestamp | undefined): string {
  return new Date(msOf(timestamp)).toISOString();
}

/** `2026-11-28 11:00:00 to 2026-11-28 12:00:00 UTC`. */
export function timeLine(since: Timestamp | undefined, until: Timestamp | undefined): string {
  return `${moment(msOf(since))} to ${moment(msOf(until))} UTC`;
}

/** Where a table without rows would say nothing. */
export const NOTHING = 'no request of this kind was counted';

/** An empty value is none. */
export function valueText(value: string): string {
  return value === '' ? '–' : value;
}
