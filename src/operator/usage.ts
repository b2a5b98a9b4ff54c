import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CompletenessSchema, KnownSpanSchema, UsageSchema } from '../../gen/ostiary/v1/analytics_pb.js';
import type { Completeness, KnownSpan as KnownSpanMessage, Usage } from '../../gen/ostiary/v1/analytics_pb.js';
import { quantileOf } from '../rollup/histogram.ts';
import type { Answer, Counted, KnownSpan, Order } from '../rollup/question.ts';
import type { MissingNode, UnreportedBy } from './analytics-desk.ts';

const MOST_ENVOYS = 20;
const MOST_NODES = 20;

export function toUsage(counted: Counted): Usage {
  const { count, errors, denials, requestBytes, responseBytes, durationCount, durationMs, durations } = counted;
  const message = {
    count: BigInt(Math.round(count)),
    errors: BigInt(Math.round(errors)),
    denials: BigInt(Math.round(denials)),
    requestBytes: BigInt(Math.round(requestBytes)),
    responseBytes: BigInt(Math.round(responseBytes)),
  };
  if (durationCount <= 0) return create(UsageSchema, message);
  const quantile = (share: number): number => quantileOf(durations, share) ?? 0;
  return create(UsageSchema, {
    ...message,
    durations: {
      mean: durationMs / durationCount,
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      policyMean: count > 0 ? counted.policyMs / count : 0,
    },
  });
}

/** Numbers of decisions are never reported below 0, even while corrections are missing. */
export function toCompleteness(
  { completeness, folded }: Answer,
  by: readonly UnreportedBy[],
  missing: readonly MissingNode[],
): Completeness {
  const { decided, reported, unreported, unknown } = completeness;
  return create(CompletenessSchema, {
    decided: atLeast0(decided),
    reported: atLeast0(reported),
    unreported: atLeast0(unreported),
    unknown: atLeast0(unknown),
    open: atLeast0(decided - reported - unreported - unknown),
    unreportedBy: by.slice(0, MOST_ENVOYS).map((each) => ({
      envoy: each.envoy,
      decided: BigInt(each.decided),
      unreported: BigInt(each.unreported),
    })),
    folded: atLeast0(folded),
    missing: missing.slice(0, MOST_NODES).map(({ node, sinceMs }) => ({ node, since: timestampFromMs(sinceMs) })),
    missingNodes: missing.length,
  });
}

/** @param isOfSome whoever asks may know of some requests alone: how many there are of all is not told */
export function toKnownSpan(span: KnownSpan, isOfSome: boolean): KnownSpanMessage {
  const { startMs, decided, reported, unreported, unknown } = span;
  const start = timestampFromMs(startMs);
  if (isOfSome) return create(KnownSpanSchema, { start });
  return create(KnownSpanSchema, {
    start,
    decided: atLeast0(decided),
    reported: atLeast0(reported),
    unreported: atLeast0(unreported),
    unknown: atLeast0(unknown),
  });
}

function atLeast0(value: number): bigint {
  return BigInt(Math.max(0, Math.round(value)));
}

/** The amount by which ranks are computed; undefined for a mean, which has no share. */
export function amountOf(counted: Counted, order: Order): number | undefined {
  switch (order) {
    case 'count':
      return counted.count;
    case 'errors':
      return counted.errors;
    case 'denials':
      return counted.denials;
    case 'bytes':
      return counted.requestBytes + counted.responseBytes;
    default:
      return undefined;
  }
}
