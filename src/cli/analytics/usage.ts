import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Usage } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { Column } from './table.ts';
import { bytes, duration, moment, percent, whole } from './units.ts';

export const USAGE_COLUMNS: readonly Column[] = [
  'requests',
  'errors',
  'denied',
  'p50',
  'p95',
  'p99',
  'received',
  'sent',
].map((title) => ({ title, isNumber: true }));

/** A text for each of {@link USAGE_COLUMNS}. */
export function usageCells(usage: Usage | undefined): string[] {
  const durations = usage?.durations;
  const count = usage?.count ?? 0n;
  return [
    whole(count),
    partOf(usage?.errors ?? 0n, count),
    partOf(usage?.denials ?? 0n, count),
    ...[durations?.p50, durations?.p95, durations?.p99].map((ms) => (ms === undefined ? '–' : duration(ms))),
    bytes(Number(usage?.requestBytes ?? 0n)),
    bytes(Number(usage?.responseBytes ?? 0n)),
  ];
}

/** `12 (1.20 %)`; `0`. */
export function partOf(part: bigint, count: bigint): string {
  if (part === 0n || count <= 0n) return whole(part);
  return `${whole(part)} (${percent(Number(part) / Number(count))})`;
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
      durationMs: { mean: durations.mean, p50: durations.p50, p95: durations.p95, p99: durations.p99 },
      policyMs: durations.policyMean,
    }),
  };
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

/** An empty value is none. */
export function valueText(value: string): string {
  return value === '' ? '–' : value;
}
