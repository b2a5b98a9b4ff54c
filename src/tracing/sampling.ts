import type { IncomingTrace, ParentSpan } from './trace-context.ts';

/** The trace that the span of a Check belongs to. */
export interface SampledTrace {
  readonly traceId: string;
  readonly parent: ParentSpan | undefined;
}

export interface SamplerOptions {
  /** The share of traces to keep, from 0 to 1, of those that begin here or whose sender has not decided. */
  readonly ratio: number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Random bytes as hexadecimal digits. */
  readonly randomHex: (bytes: number) => string;
}

/** The digits of a trace id that decide: 2^52 values, which a number represents exactly. */
const DECIDING_DIGITS = 13;

/** Follows the sender's decision. If there is none, keeps a share of all traces. */
export function createSampler({ ratio, random, randomHex }: SamplerOptions) {
  return (incoming: IncomingTrace | undefined): SampledTrace | undefined => {
    const { parent, isSampled } = incoming ?? { parent: undefined, isSampled: undefined };
    // Everyone who decides by the trace id comes to the same result.
    const keeps = isSampled ?? (parent === undefined ? random() : shareOf(parent.traceId)) < ratio;
    if (!keeps) return undefined;
    return { traceId: parent?.traceId ?? randomHex(16), parent };
  };
}

function shareOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-DECIDING_DIGITS), 16) / 16 ** DECIDING_DIGITS;
}
