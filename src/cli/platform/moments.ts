import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Timestamp } from '@bufbuild/protobuf/wkt';

/** In UTC and whole seconds, such as `2026-11-28T09:12:07Z`; empty: it is not told. */
export function secondsText(timestamp: Timestamp | undefined): string {
  return isoText(timestamp).replace(/\.\d+Z$/, 'Z');
}

/** In RFC 3339 with milliseconds; empty: it is not told. */
export function isoText(timestamp: Timestamp | undefined): string {
  return timestamp === undefined ? '' : timestampDate(timestamp).toISOString();
}
