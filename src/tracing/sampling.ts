import type { IncomingTrace, ParentSpan } from './trace-context.ts';

/** What a Check's span continues. */
export interface SampledTrace {
  readonly traceId: string;
  readonly parent: ParentSpan | undefined;
}

export interface SamplerOptions {
  /** The share of traces that begin here, from 0 to 1, which are kept; also of those whose sender leaves it open. */
  readonly ratio: number;
  /** A number from 0 to 1, never 1. */
  readonly random: () => number;
  /** So many bytes as hexadecimal digits. */
  readonly randomHex: (bytes: number) => string;
}

/** The digits that a decision by trace id looks at: 2^52 values, which a number holds exactly. */
const DECIDING_DIGITS = 13;

/** As the sender has decided. Where nobody has: a share of all traces. */
export function createSampler({ ratio, random, randomHex }: SamplerOptions) {
  return (incoming: IncomingTrace | undefined): SampledTrace | undefined => {
    const { parent, isSampled } = incoming ?? { parent: undefined, isSampled: undefined };
    // All who ask this question of a trace give the same answer.
    const keeps = isSampled ?? (parent === undefined ? random() : shareOf(parent.traceId)) < ratio;
    if (!keeps) return undefined;
    return { traceId: parent?.traceId ?? randomHex(16), parent };
  };
}

function shareOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-DECIDING_DIGITS), 16) / 16 ** DECIDING_DIGITS;
}
