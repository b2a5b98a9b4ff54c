import { durationMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import type { TimeRange } from '../../gen/ostiary/v1/analytics_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';

/** In milliseconds since the Unix epoch; the end is not included. */
export interface Span {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** The end of the year 9999, the latest time of a timestamp (`google/protobuf/timestamp.proto`). */
const LATEST_MS = 253_402_300_799_999;

/** @throws RpcError INVALID_ARGUMENT */
export function spanOf(time: TimeRange | undefined, nowMs: number, usualMs: number): Span {
  if (time?.since !== undefined && time.last !== undefined) {
    throw invalid('time: give since or last, since both say where it begins');
  }
  const untilMs = time?.until === undefined ? nowMs : momentOf(time.until, 'until');
  const lastMs = time?.last === undefined ? usualMs : lengthOf(time.last, 'time.last');
  const sinceMs = time?.since === undefined ? Math.max(0, untilMs - lastMs) : momentOf(time.since, 'since');
  if (sinceMs >= untilMs) {
    const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString());
    throw invalid(`time: it ends at ${until}, which is not after its begin at ${since}`);
  }
  return { sinceMs, untilMs };
}

/** Above 0, in milliseconds. @throws RpcError INVALID_ARGUMENT */
export function lengthOf(duration: Duration, field: string): number {
  const ms = durationMs(duration);
  if (ms > 0 && ms <= LATEST_MS) return ms;
  throw invalid(`${field}: expected a length of time above 0, such as 3600s`);
}

function momentOf(timestamp: Timestamp, field: string): number {
  const ms = timestampMs(timestamp);
  if (ms >= 0 && ms <= LATEST_MS) return Math.floor(ms);
  throw invalid(`time.${field}: expected a time from 1970 to 9999`);
}

export function invalid(message: string): RpcError {
  return new RpcError(Code.invalidArgument, message);
}
